import { contentNameOf } from '../../domain/image/definition.ts';
import type { Template } from '../../domain/template/template.ts';
import type { MeasuredTemplate } from '../apis/template-api.ts';
import type { EngineDeps } from '../deps.ts';
import { packsMeantBy } from '../tools/pack-users.ts';

/** Looks once at what is on this host; resolves with what tells of any number of versions what of it is theirs. */
export async function createTemplateMeasure({
  images,
  tools,
}: Pick<EngineDeps, 'images' | 'tools'>): Promise<(template: Template) => MeasuredTemplate> {
  const bytesByName = new Map<string, number>();
  for (const { name, sizeBytes } of await images.list())
    bytesByName.set(name, (bytesByName.get(name) ?? 0) + sizeBytes);
  const packs = await tools.list();
  const catalogue = packs.length === 0 ? [] : await tools.catalogue();

  return (template) => {
    const { spec, image, tools: asked } = template.content;
    const contents = spec.disks.flatMap(({ content }) => (content === null ? [] : [contentNameOf(content)]));
    const names = new Set(image === null ? contents : [spec.image, ...contents]);
    const own = [...names].map((name) => bytesByName.get(name) ?? 0);
    const given = [...new Set(packsMeantBy(asked, packs, catalogue))].map(({ sizeBytes }) => sizeBytes);
    return { ...template, sizeBytes: [...own, ...given].reduce((sum, bytes) => sum + bytes, 0) };
  };
}

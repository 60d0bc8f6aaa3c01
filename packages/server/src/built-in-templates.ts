import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml } from './api/manifests/parse-yaml.ts';
import { readManifest } from './api/manifests/read-manifest.ts';
import type { AskedTemplate, NewTemplate } from './engine/apis/template-api.ts';

/** The templates that come with this program: manifests in a folder, as users write them too. Throws what is wrong with one. */
export async function readBuiltInTemplates(folder: string): Promise<readonly NewTemplate[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  return await Promise.all(
    files.map(async (file) => whole(await readManifest(await parseYaml(await readFile(join(folder, file), 'utf8'))))),
  );
}

/** One that is built in is there without a network. */
function whole({ content, ...others }: AskedTemplate): NewTemplate {
  const { openapi, ...spec } = content.spec;
  if (openapi?.kind === 'url') throw new Error(`${others.name}: what is built in brings its OpenAPI document itself`);
  return { ...others, content: { ...content, spec: { ...spec, ...(openapi === undefined ? {} : { openapi }) } } };
}

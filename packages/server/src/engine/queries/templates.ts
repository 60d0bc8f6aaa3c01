import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { TemplateApi, TemplateEntry } from '../apis/template-api.ts';
import type { EngineDeps } from '../deps.ts';
import { createTemplateMeasure } from '../templates/measure-templates.ts';
import { findTemplates } from './find-template.ts';
import { selectedPage } from './selected-page.ts';

/** What can be asked about templates without changing any. */
export function createTemplateQueries(
  deps: Pick<EngineDeps, 'store' | 'images' | 'tools'>,
): Pick<TemplateApi, 'get' | 'list' | 'versions'> {
  const { store } = deps;
  const find = (principal: Principal, ref: string) =>
    findTemplates(store, { principal, permission: 'template:read' }, ref);

  return {
    async get(principal, ref) {
      const [newest] = await find(principal, ref);
      return (await createTemplateMeasure(deps))(newest);
    },
    async versions(principal, name) {
      const versions = await find(principal, name);
      return versions.map(await createTemplateMeasure(deps));
    },
    async list(principal, asked) {
      authorise(principal, 'template:read');
      const reach = ofOwner(reachOf(principal, 'template:read'));
      const measure = await createTemplateMeasure(deps);
      // Of all versions, by the labels of the newest one.
      const { items, next } = await selectedPage(asked, async (page) => {
        const entries = [];
        for (const name of await store.templates.listNames({ ...page, ...reach })) {
          const [newest, ...older] = await find(principal, name);
          const versions: TemplateEntry['versions'] = [measure(newest), ...older.map(measure)];
          entries.push({ id: name, labels: newest.content.labels, versions });
        }
        return entries;
      });
      return { items: items.map(({ id: name, versions }) => ({ name, versions })), next };
    },
  };
}

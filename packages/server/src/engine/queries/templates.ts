import { type Principal, reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { EngineDeps } from '../deps.ts';
import type { TemplateApi, TemplateEntry } from '../templates/template-api.ts';
import { findTemplates } from './find-template.ts';

/** What can be asked about templates without changing any. */
export function createTemplateQueries({
  store,
}: Pick<EngineDeps, 'store'>): Pick<TemplateApi, 'get' | 'list' | 'versions'> {
  const find = (principal: Principal, ref: string) =>
    findTemplates(store, { principal, permission: 'template:read' }, ref);

  return {
    get: async (principal, ref) => (await find(principal, ref))[0],
    versions: find,
    async list(principal, { limit, after }) {
      authorise(principal, 'template:read');
      const reach = ofOwner(reachOf(principal, 'template:read'));
      const names = await store.templates.listNames({ limit: limit + 1, after, ...reach });
      const shown = names.slice(0, limit);
      const items: TemplateEntry[] = [];
      for (const name of shown) items.push({ name, versions: await find(principal, name) });
      return { items, next: names.length > limit ? (shown.at(-1) ?? null) : null };
    },
  };
}

import { reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { EngineDeps } from '../deps.ts';
import type { SecretApi } from '../secrets/secret-api.ts';
import { findSecret } from './find-secret.ts';

export function createSecretQueries({ store }: Pick<EngineDeps, 'store'>): Pick<SecretApi, 'get' | 'list'> {
  return {
    get: (principal, ref) => findSecret(store, { principal, permission: 'secret:read' }, ref),
    async list(principal, { limit, after }) {
      authorise(principal, 'secret:read');
      const reach = ofOwner(reachOf(principal, 'secret:read'));
      const rows = await store.secrets.list({ limit: limit + 1, after, ...reach });
      const items = rows.slice(0, limit);
      return { items, next: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },
  };
}

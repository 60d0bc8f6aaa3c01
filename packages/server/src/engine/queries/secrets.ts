import { reachOf } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import type { SecretApi } from '../apis/secret-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findSecret } from './find-secret.ts';
import { selectedPage } from './selected-page.ts';

export function createSecretQueries({ store }: Pick<EngineDeps, 'store'>): Pick<SecretApi, 'get' | 'list'> {
  return {
    get: (principal, ref) => findSecret(store, { principal, permission: 'secret:read' }, ref),
    async list(principal, asked) {
      authorise(principal, 'secret:read');
      const reach = ofOwner(reachOf(principal, 'secret:read'));
      return await selectedPage(asked, (page) => store.secrets.list({ ...page, ...reach }));
    },
  };
}

import { authorise } from '../access/authorise.ts';
import type { SystemApi } from '../apis/system-api.ts';
import type { ChangeDeps } from '../create-deps.ts';
import { pruneSystem } from '../operations/prune-system.ts';
import { findSystemUsage } from '../queries/system-usage.ts';
import type { Readiness } from '../readiness/readiness.ts';
import type { BuiltInTemplates } from '../templates/sync-built-in.ts';

/** The host of engine.ts: what it keeps is told once the built-in templates are known, which may need some of it. */
export function createSystemApi(deps: ChangeDeps, { whenKnown }: BuiltInTemplates, readiness: Readiness): SystemApi {
  return {
    usage: async (principal, options) => {
      await whenKnown();
      return await findSystemUsage(deps, principal, options);
    },
    prune: (principal, request, options) => pruneSystem(deps, principal, request, options),
    async components(principal) {
      authorise(principal, 'system:read');
      return await readiness.components();
    },
  };
}

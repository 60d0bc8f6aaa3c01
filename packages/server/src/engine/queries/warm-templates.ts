import type { Principal } from '../../domain/principal/principal.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import { authorise } from '../access/authorise.ts';
import type { WarmTemplateEntry } from '../apis/warm-template-api.ts';
import { type EntryDeps, findTemplateEntries } from '../warm/template-entries.ts';

/** The warm templates of this host, the one that was used last first. */
export async function listWarmTemplates(
  deps: EntryDeps,
  principal: Principal,
  options: Abortable,
): Promise<readonly WarmTemplateEntry[]> {
  authorise(principal, 'warm-template:read');
  return await findTemplateEntries(deps, options);
}

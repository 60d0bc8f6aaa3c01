import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import { authorise } from '../access/authorise.ts';
import type { WarmTemplateEntry } from '../apis/warm-template-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { type EntryDeps, findTemplateEntries } from '../warm/template-entries.ts';
import type { TemplateMaker } from '../warm/template-maker.ts';

/** Users that a refusal names. */
const NAMED_USERS = 10;

/**
 * Removes a warm template, with the machines of it that wait. A VM that is asked for at this very moment boots, as if it had not been there.
 * Throws `not_found` warm_template.unknown, `failed_precondition` warm_template.in_use.
 */
export async function removeWarmTemplate(
  deps: EntryDeps & Pick<EngineDeps, 'store' | 'clock'> & { readonly templates: Pick<TemplateMaker, 'remove'> },
  principal: Principal,
  key: string,
  options: Abortable,
): Promise<void> {
  authorise(principal, 'warm-template:delete');
  const template = (await findTemplateEntries(deps, options)).find((each) => each.key === key);
  if (template === undefined) {
    throw new VolaryError('not_found', `There is no warm template ${key}.`, { reason: 'warm_template.unknown' });
  }
  requireUnused(template);
  const target = auditTarget('warm-template', { id: key });
  await recordAudit(deps.store, deps.clock, principal, { action: 'warm-template.delete', target });
  await deps.templates.remove(key);
}

function requireUnused({ key, usedBy }: WarmTemplateEntry): void {
  if (usedBy.length === 0) return;
  const named = usedBy.slice(0, NAMED_USERS);
  const others = usedBy.length - named.length;
  const names = `${named.map(({ name }) => name).join(', ')}${others > 0 ? ` and ${others} more` : ''}`;
  throw new VolaryError('failed_precondition', `VMs are about to begin from this warm template: ${names}.`, {
    reason: 'warm_template.in_use',
    details: { key, used_by: named.map((user) => ({ ...user })), user_count: usedBy.length },
  });
}

import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { parseTemplateRef, type Template } from '../../domain/template/template.ts';
import type { Tables } from '../../ports/store.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { findTemplates } from '../queries/find-template.ts';
import { builtIn } from './create-template.ts';
import { doneToTemplate, templateEvent } from './template-events.ts';

/** VMs that a refusal names. */
const MOST_NAMED = 20;

/** Removes a version, or all of a name, from which no VM that there is was made. */
export async function deleteTemplate(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
  principal: Principal,
  ref: string,
): Promise<readonly Template[]> {
  const now = deps.clock.now();
  const removed = await deps.store.transaction(async (tables) => {
    const meant = await findTemplates(tables, { principal, permission: 'template:delete' }, ref);
    if (meant.some(({ isBuiltIn }) => isBuiltIn)) throw builtIn(meant[0].name);
    await requireUnused(tables, ref);
    for (const template of meant) {
      await tables.templates.delete(template.id, template.revision);
      await tables.events.append([templateEvent('template.deleted', template, now)]);
      await recordAudit(tables, deps.clock, principal, doneToTemplate('template.delete', template));
    }
    return meant;
  });
  deps.bus.publish('events', '');
  return removed;
}

async function requireUnused({ vms }: Tables, ref: string): Promise<void> {
  const parsed = parseTemplateRef(ref);
  const users = parsed === null ? [] : await vms.listMadeFrom(parsed, MOST_NAMED);
  if (users.length === 0) return;
  const names = users.map(({ name }) => name);
  const more = names.length < MOST_NAMED ? '' : ' and perhaps others';
  throw new VolaryError('failed_precondition', `${names.join(', ')}${more} were made from ${ref}: delete them first.`, {
    reason: 'template.in_use',
    details: { vms: names },
  });
}

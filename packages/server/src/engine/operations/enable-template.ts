import type { Principal } from '../../domain/principal/principal.ts';
import type { Template } from '../../domain/template/template.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { findTemplates } from '../queries/find-template.ts';
import { doneToTemplate, templateEvent } from './template-events.ts';

/** Enables or disables a version, or all of a name: from the next request on, VMs are made from it or not. */
export async function setTemplateEnabled(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock'>,
  principal: Principal,
  ref: string,
  isEnabled: boolean,
): Promise<readonly Template[]> {
  const now = deps.clock.now();
  const changed = await deps.store.transaction(async (tables) => {
    const meant = await findTemplates(tables, { principal, permission: 'template:update' }, ref);
    const switched: Template[] = [];
    for (const before of meant) {
      const after = { ...before, isEnabled, updatedAt: now, revision: before.revision + 1 };
      switched.push(before.isEnabled === isEnabled ? before : after);
      if (before.isEnabled === isEnabled) continue;
      const [action, type] = isEnabled
        ? (['template.enable', 'template.enabled'] as const)
        : (['template.disable', 'template.disabled'] as const);
      await tables.templates.update(after);
      await tables.events.append([templateEvent(type, after, now)]);
      await recordAudit(tables, deps.clock, principal, doneToTemplate(action, after));
    }
    return switched;
  });
  deps.bus.publish('events', '');
  return changed;
}

import { VolaryError } from '../../domain/errors.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { parseTemplateRef, type Template } from '../../domain/template/template.ts';
import type { Tables } from '../../ports/store.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { forgetImage } from '../images/forget-image.ts';
import { findTemplates } from '../queries/find-template.ts';
import { usersOfImage } from '../system/references.ts';
import { builtIn } from './create-template.ts';
import { doneToTemplate, templateEvent } from './template-events.ts';

/** VMs that a refusal names. */
const MOST_NAMED = 20;

/** Removes a version, or all of a name, from which no VM that there is was made. */
export async function deleteTemplate(
  deps: Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'images'>,
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
      if (template.content.image !== null) await forgetImage(tables, template.content.spec.image);
      await tables.events.append([templateEvent('template.deleted', template, now)]);
      await recordAudit(tables, deps.clock, principal, doneToTemplate('template.delete', template));
    }
    return meant;
  });
  deps.bus.publish('events', '');
  await dropImages(deps, removed);
  return removed;
}

/** What they brought goes with them, unless a snapshot still stands on it: then a prune removes it some day. */
async function dropImages(
  { store, images }: Pick<EngineDeps, 'store' | 'images'>,
  removed: readonly Template[],
): Promise<void> {
  const brought = removed.flatMap(({ content }) => (content.image === null ? [] : [content.spec.image]));
  if (brought.length === 0) return;
  for (const { name, digest } of await images.list())
    if (brought.includes(name) && (await usersOfImage(store, digest)).length === 0) await images.remove(digest);
}

async function requireUnused({ vms, deployments }: Tables, ref: string): Promise<void> {
  const parsed = parseTemplateRef(ref);
  const users = parsed === null ? [] : await vms.listMadeFrom(parsed, MOST_NAMED);
  const kept = parsed === null ? [] : await deployments.listMadeFrom(parsed, MOST_NAMED);
  if (users.length + kept.length === 0) return;
  const names = [...users.map(({ name }) => name), ...kept];
  const more = names.length < MOST_NAMED ? '' : ' and perhaps others';
  const [were, them] = names.length === 1 ? ['was', 'it'] : ['were', 'them'];
  const message = `${names.join(', ')}${more} ${were} made from ${ref}: delete ${them} first.`;
  throw new VolaryError('failed_precondition', message, {
    reason: 'template.in_use',
    details: { vms: users.map(({ name }) => name), deployments: kept },
  });
}

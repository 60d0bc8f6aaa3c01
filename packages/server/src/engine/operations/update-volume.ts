import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { checkVolumeName, type Volume } from '../../domain/volume/volume.ts';
import type { ShownVolume, VolumeChange } from '../apis/volume-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { findVolume } from '../queries/find-volume.ts';
import { shownVolume } from '../queries/volumes.ts';
import { operationDeadline } from '../reconcile/operation-deadline.ts';
import type { Unchanged } from '../requests.ts';
import { admitGrowth, growVolume } from '../volumes/resize-volume.ts';
import { volumeEvent } from '../volumes/volume-events.ts';
import { withTimeout } from '../with-timeout.ts';
import type { VolumeDeps } from './create-volume.ts';
import { requireUnchangedVolume } from './require-unchanged.ts';

/** Changes what a volume is called, its labels, and how large it is. What was asked for before and did not come about is tried again. */
export async function updateVolume(
  deps: VolumeDeps,
  principal: Principal,
  ref: string,
  { name, labels, sizeGib }: VolumeChange,
  unchanged: Unchanged = {},
): Promise<ShownVolume> {
  if (name !== undefined) checkVolumeName(name);
  if (labels !== undefined) checkLabels(labels);
  const facts = await deps.hostProbe.measure();
  const shown = await deps.store.transaction(async (tables) => {
    const before = await findVolume(tables, { principal, permission: 'volume:update' }, ref);
    requireUnchangedVolume(before, unchanged);
    const now = deps.clock.now();
    if (sizeGib !== undefined)
      await admitGrowth(tables, before, { principal, sizeGib, facts, limits: deps.config.limits, at: now });
    const after: Volume = {
      ...before,
      name: name ?? before.name,
      labels: labels ?? before.labels,
      sizeGib: sizeGib ?? before.sizeGib,
      updatedAt: now,
      revision: before.revision + 1,
    };
    await tables.volumes.update(after);
    await tables.events.append([volumeEvent('volume.updated', after, null, now)]);
    const changed = Object.entries({ name, labels, size_gib: sizeGib }).flatMap(([field, value]) =>
      value === undefined ? [] : [field],
    );
    await recordAudit(tables, deps.clock, principal, {
      action: 'volume.update',
      target: auditTarget('volume', after),
      details: { changed },
    });
    return await shownVolume(tables, after);
  });
  deps.bus.publish('events', '');
  for (const { vmId } of sizeGib === undefined ? [] : shown.holders) deps.bus.publish('vm', vmId);
  if (sizeGib !== undefined) await growInTime(deps, shown.volume);
  return shown;
}

/** Nobody waits for it longer than for an operation; asked again, it goes on. Throws as `growVolume`, `deadline_exceeded` operation.deadline. */
async function growInTime(deps: VolumeDeps, volume: Volume): Promise<void> {
  const whoeverGoes = new AbortController().signal;
  const { operationMs } = deps.config.limits;
  const grow = (signal: AbortSignal) => growVolume(deps, volume, signal);
  await withTimeout(deps.clock, operationMs, whoeverGoes, grow, operationDeadline);
}

import { VolaryError } from '../../domain/errors.ts';
import { checkContent, needsLocalContent } from '../../domain/image/check-definition.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { may, type Principal } from '../../domain/principal/principal.ts';
import {
  checkVolumeName,
  checkVolumeSize,
  MOST_VOLUMES,
  type Volume,
  type VolumeOrigin,
} from '../../domain/volume/volume.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { AcceptedVolume, CreateVolumeRequest } from '../apis/volume-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallVolume } from '../idempotency/recall-volume.ts';
import { findVolume, requireReady } from '../queries/find-volume.ts';
import { admitQuota } from '../quotas/admit-quota.ts';
import type { Once } from '../requests.ts';
import { admitDisk } from '../scheduler/admission.ts';
import { requireAttachable } from '../volumes/attach-volumes.ts';
import { driverOfVolumes } from '../volumes/driver-of-volume.ts';
import { volumeEvent } from '../volumes/volume-events.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';

const GIB = 1024 ** 3;

export type VolumeDeps = OperationDeps & Pick<EngineDeps, 'queue' | 'images' | 'hostProbe'>;

/** Stores a volume and the operation that makes it. */
export async function createVolume(
  deps: VolumeDeps,
  principal: Principal,
  request: CreateVolumeRequest,
  { once }: Once = {},
): Promise<AcceptedVolume> {
  authorise(principal, 'volume:create');
  const earlier = await recallVolume(deps, once);
  if (earlier !== null) return earlier;
  checkVolumeName(request.name);
  checkLabels(request.labels);
  const driver = driverOfVolumes(deps.drivers);
  const beginning = await beginningOf(deps, principal, request);
  const facts = await deps.hostProbe.measure();
  const { limits } = deps.config;
  const accepted = await deps.store.transaction(async (tables) => {
    const { origin, sizeGib } = beginning.kind === 'volume' ? await copyOf(tables, principal, beginning) : beginning;
    checkVolumeSize(sizeGib);
    await admitCount(tables, 1);
    admitDisk(sizeGib, facts, await tables.vms.promised(), limits);
    await admitQuota(tables, principal.name, { diskGib: sizeGib }, limits);
    const made = newVolume(deps, principal, { ...request, origin, sizeGib, driver: driver.kind });
    await tables.volumes.insert(made.volume);
    await tables.operations.insert(made.operation);
    const at = made.volume.createdAt;
    await tables.events.append([
      operationEvent('operation.created', made.operation, at),
      volumeEvent('volume.created', made.volume, made.operation, at),
    ]);
    await recordAudit(tables, deps.clock, principal, {
      action: 'volume.create',
      target: auditTarget('volume', made.volume),
      details: { operation_id: made.operation.id, size_gib: sizeGib, from: origin.kind },
    });
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: made.operation.id });
    return { ...made, holders: [] };
  });
  announceVolume(deps, accepted);
  return accepted;
}

/** What it begins with, as far as that can be told outside of the transaction. */
type Beginning =
  | { readonly kind: 'known'; readonly origin: VolumeOrigin; readonly sizeGib: number }
  | { readonly kind: 'volume'; readonly ref: string; readonly sizeGib: number | null };

async function beginningOf(
  { images }: VolumeDeps,
  principal: Principal,
  { source, sizeGib }: CreateVolumeRequest,
): Promise<Beginning> {
  switch (source.kind) {
    case 'empty':
      if (sizeGib === null) throw sizeNeeded('it is empty');
      return { kind: 'known', origin: { kind: 'empty' }, sizeGib };
    case 'image': {
      authorise(principal, 'image:read');
      const found = await images.find(source.image);
      return {
        kind: 'known',
        origin: { kind: 'image', image: source.image },
        sizeGib: sizeGib ?? roundedUp(found?.rootBytes ?? null),
      };
    }
    case 'content': {
      authorise(principal, 'image:create');
      checkContent('volume', source.content);
      if (needsLocalContent(source.content)) authorise(principal, 'image:import-local');
      const content = { ...source.content, isLocalAllowed: may(principal, 'image:import-local', null) };
      const found = sizeGib === null ? await images.findContent(content) : null;
      return {
        kind: 'known',
        origin: { kind: 'content', content },
        sizeGib: sizeGib ?? roundedUp(found?.rootBytes ?? null),
      };
    }
    case 'volume':
      return { kind: 'volume', ref: source.ref, sizeGib };
    default:
      return source satisfies never;
  }
}

/** A copy is taken of what nobody writes to: else it would be of no moment in particular. */
async function copyOf(
  tables: Tables,
  principal: Principal,
  { ref, sizeGib }: Extract<Beginning, { kind: 'volume' }>,
): Promise<{ readonly origin: VolumeOrigin; readonly sizeGib: number }> {
  const source = requireReady(await findVolume(tables, { principal, permission: 'volume:read' }, ref));
  await requireAttachable(tables, source, true);
  if (sizeGib !== null && sizeGib !== source.sizeGib)
    throw new VolaryError('invalid_argument', `A copy of ${source.name} is as large as that: ${source.sizeGib} GiB.`, {
      reason: 'volume.invalid_size',
      details: { field: 'size_gib', actual: sizeGib, allowed: source.sizeGib },
    });
  return { origin: { kind: 'volume', id: source.id, name: source.name }, sizeGib: source.sizeGib };
}

/** Throws `resource_exhausted` volume.too_many. */
export async function admitCount({ volumes }: Pick<Tables, 'volumes'>, count: number): Promise<void> {
  if ((await volumes.count()) + count <= MOST_VOLUMES) return;
  throw new VolaryError('resource_exhausted', `There may be ${MOST_VOLUMES} volumes, and no more.`, {
    reason: 'volume.too_many',
    details: { maximum: MOST_VOLUMES },
  });
}

function newVolume(
  deps: VolumeDeps,
  principal: Principal,
  given: Pick<Volume, 'name' | 'labels' | 'origin' | 'sizeGib' | 'driver'>,
): { readonly volume: Volume; readonly operation: Operation } {
  const { name, labels, origin, sizeGib, driver } = given;
  const id = deps.ids.create('vol');
  const subject = { kind: 'volume', id, name } as const;
  const operation = newOperation(deps, { kind: 'volume.create', subject, generation: 0, principal: principal.name });
  const now = deps.clock.now();
  const volume: Volume = {
    ...{ id, name, labels, origin, sizeGib, driver },
    owner: principal.name,
    state: 'creating',
    operationId: operation.id,
    failure: null,
    createdAt: now,
    updatedAt: now,
    revision: 1,
  };
  return { volume, operation };
}

/** Publishes the hints of a change of a volume, and has it worked on. */
export function announceVolume(
  { bus, queue }: Pick<VolumeDeps, 'bus' | 'queue'>,
  { volume, operation }: Pick<AcceptedVolume, 'volume' | 'operation'>,
): void {
  bus.publish('events', '');
  bus.publish('operation', operation.id);
  queue.enqueue(`volume:${volume.id}`);
}

function roundedUp(bytes: number | null): number {
  if (bytes === null) throw sizeNeeded('nobody knows yet how large what it begins with is');
  return Math.ceil(bytes / GIB);
}

function sizeNeeded(why: string): VolaryError {
  return new VolaryError('invalid_argument', `size_gib is needed: ${why}.`, {
    reason: 'volume.size_needed',
    details: { field: 'size_gib' },
  });
}

import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import { isKnownImage } from '../images/known-images.ts';
import type { Once } from '../requests.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';

export type ImageOperationDeps = Pick<OperationDeps, 'store' | 'bus' | 'clock' | 'ids' | 'config' | 'tracer'> &
  Pick<EngineDeps, 'images' | 'queue'>;

/** Asks for an image to be built. A build of the same image that is under way is returned as it is. */
export async function buildImage(
  deps: ImageOperationDeps,
  principal: Principal,
  name: string,
  { once }: Once = {},
): Promise<Operation> {
  authorise(principal, 'image:build');
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  if (!(await isKnownImage(deps, name))) throw unknownImage(name);
  const { operation, isNew } = await deps.store.transaction(async (tables) => {
    const active = (await tables.operations.listActive()).find(
      ({ subject }) => subject.kind === 'image' && subject.name === name,
    );
    const operation = active ?? (await recordBuild(deps, tables, principal, name));
    if (active === undefined) {
      await recordAudit(tables, deps.clock, principal, {
        action: 'image.build',
        target: auditTarget('image', { name }),
        details: { operation_id: operation.id },
      });
    }
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: operation.id });
    return { operation, isNew: active === undefined };
  });
  if (isNew) {
    deps.bus.publish('events', '');
    deps.queue.enqueue(`image:${operation.id}`);
  }
  return operation;
}

async function recordBuild(
  deps: ImageOperationDeps,
  tables: Tables,
  principal: Principal,
  name: string,
): Promise<Operation> {
  const made = newOperation(deps, {
    kind: 'image.build',
    subject: { kind: 'image', name },
    generation: 0,
    principal: principal.name,
  });
  await tables.operations.insert(made);
  await tables.events.append([operationEvent('operation.created', made, made.createdAt)]);
  return made;
}

export function unknownImage(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no image ${ref}.`, { reason: 'image.unknown' });
}

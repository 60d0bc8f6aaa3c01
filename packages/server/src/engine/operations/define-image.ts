import { VolaryError } from '../../domain/errors.ts';
import { checkDefinition, checkImageName, needsLocal } from '../../domain/image/check-definition.ts';
import { type ImageDefinition, type ImageRequest, isSameDefinition } from '../../domain/image/definition.ts';
import { checkLabels, isSameLabels } from '../../domain/labels/labels.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { may, type Principal } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import type { NewImage } from '../images/new-image.ts';
import type { Once } from '../requests.ts';
import type { ImageOperationDeps } from './build-image.ts';
import { operationEvent } from './events.ts';
import { newOperation } from './request-change.ts';

/** Names that users may define, all together. */
const MAX_IMAGES = 1_000;

/**
 * Asks for an image to be made of what is given, and for its name to stand for that when it has been made; until then it stands for what it
 * did. The same once more makes nothing. Throws `invalid_argument` image.invalid_name, image.invalid_definition; `permission_denied` access.denied;
 * `failed_precondition` image.built_in, image.of_template; `conflict` image.busy; `resource_exhausted` image.too_many.
 */
export async function defineImage(
  deps: ImageOperationDeps,
  principal: Principal,
  { name, definition: asked, labels = null }: NewImage,
  { once }: Once = {},
): Promise<Operation> {
  authorise(principal, 'image:create');
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  checkImageName(name);
  checkDefinition(asked);
  if (labels !== null) checkLabels(labels);
  const wanted: ImageRequest = { definition: trusted(principal, asked), labels };
  if (deps.images.builtIns().includes(name)) throw builtInImage(name);
  const { operation, isNew } = await deps.store.transaction(async (tables) => {
    const stored = await tables.images.get(name);
    if (stored !== null && stored.template !== null) throw ofTemplate(name, stored.template);
    if (stored === null && (await tables.images.count()) >= MAX_IMAGES) throw tooMany();
    const active = await findBeingMade(tables, name);
    if (active !== null && !(await makesSame(tables, active, wanted))) throw busy(name);
    const operation = active ?? (await record(deps, tables, principal, { name, ...wanted }));
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: operation.id });
    return { operation, isNew: active === null };
  });
  if (isNew) {
    deps.bus.publish('events', '');
    deps.queue.enqueue(`image:${operation.id}`);
  }
  return operation;
}

/** Throws `permission_denied` access.denied for what only few may name. */
export function trusted(principal: Principal, definition: ImageDefinition): ImageDefinition {
  if (definition.kind === 'recipe') return definition;
  if (needsLocal(definition)) authorise(principal, 'image:import-local');
  return { ...definition, isLocalAllowed: may(principal, 'image:import-local', null) };
}

/** The operation that makes something of the name; null: none does. */
export async function findBeingMade(tables: Tables, name: string): Promise<Operation | null> {
  const active = await tables.operations.listActive();
  return active.find(({ subject }) => subject.kind === 'image' && subject.name === name) ?? null;
}

async function makesSame(tables: Tables, { id }: Operation, { definition, labels }: ImageRequest): Promise<boolean> {
  const asked = await tables.images.getRequest(id);
  if (asked === null || !isSameDefinition(asked.definition, definition)) return false;
  return labels === null || isSameLabels(asked.labels ?? {}, labels);
}

async function record(
  deps: ImageOperationDeps,
  tables: Tables,
  principal: Principal,
  { name, ...wanted }: ImageRequest & { readonly name: string },
): Promise<Operation> {
  const subject = { kind: 'image', name } as const;
  const operation = newOperation(deps, { kind: 'image.define', subject, generation: 0, principal: principal.name });
  await tables.operations.insert(operation);
  await tables.images.keepRequests((await tables.operations.listActive()).map(({ id }) => id));
  await tables.images.putRequest(operation.id, wanted);
  await tables.events.append([operationEvent('operation.created', operation, operation.createdAt)]);
  await recordAudit(tables, deps.clock, principal, {
    action: 'image.define',
    target: auditTarget('image', { name }),
    details: { operation_id: operation.id },
  });
  return operation;
}

function builtInImage(name: string): VolaryError {
  return new VolaryError('failed_precondition', `${name} came with the program, and stays what it is.`, {
    reason: 'image.built_in',
  });
}

/** For what goes with its template, and is not changed without it. */
export function ofTemplate(name: string, template: string): VolaryError {
  return new VolaryError('failed_precondition', `The image ${name} belongs to the template ${template}.`, {
    reason: 'image.of_template',
    details: { template },
  });
}

function busy(name: string): VolaryError {
  return new VolaryError('conflict', `Something else is being made of ${name} at this moment.`, {
    reason: 'image.busy',
  });
}

function tooMany(): VolaryError {
  return new VolaryError('resource_exhausted', `There are ${MAX_IMAGES} images already.`, {
    reason: 'image.too_many',
    details: { maximum: MAX_IMAGES },
  });
}

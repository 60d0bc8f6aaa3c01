import type { FastifyReply, FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { AcceptedSnapshot } from '../../engine/apis/snapshot-api.ts';
import type { AcceptedVolume } from '../../engine/apis/volume-api.ts';
import type { Accepted } from '../../engine/requests.ts';
import { failureOf } from '../operation-failure.ts';
import { TELLER } from '../teller.ts';
import type { V1Context } from './context.ts';
import { toAcceptedDto } from './dto/operation-dto.ts';
import { toAcceptedSnapshotDto, toSnapshotDto } from './dto/snapshot-dto.ts';
import { toTemplateDto } from './dto/template-dto.ts';
import { toVmDto } from './dto/vm-dto.ts';
import { toAcceptedVolumeDto, toVolumeDto } from './dto/volume-dto.ts';
import { etagOf } from './etags.ts';
import { preferredWait } from './prefer.ts';

/**
 * Answers an accepted change of a VM: 202 with the operation, or, as far as `Prefer: wait=N` lasts, what came of it: the VM
 * with `doneStatus`, or the operation's own error.
 */
export async function answerChange(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  accepted: Accepted,
  doneStatus: 200 | 201,
): Promise<FastifyReply> {
  const operation = await waitAsPreferred(context, request, reply, accepted.operation);
  if (!isFinal(operation.state)) return answerUnderWay(reply, operation, await latest(context, request, accepted.vm));
  const vm = await context.engine.vms.get(TELLER, accepted.vm.id);
  if (doneStatus === 201) reply.header('location', `/v1/vms/${vm.id}`);
  return await reply.code(doneStatus).header('etag', etagOf(vm)).send(toVmDto(vm));
}

/** The same for changes after which there is no VM to show: 200 with the final operation. */
export async function answerOperation(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  accepted: { readonly operation: Operation; readonly vm: Vm | null },
): Promise<FastifyReply> {
  const operation = await waitAsPreferred(context, request, reply, accepted.operation);
  if (isFinal(operation.state)) return await reply.code(200).send(toAcceptedDto(operation, null));
  return answerUnderWay(reply, operation, accepted.vm);
}

/** The same for changes of a snapshot: 201 with it when it has been made, 200 with the final operation when it is gone. */
export async function answerSnapshot(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  accepted: AcceptedSnapshot,
): Promise<FastifyReply> {
  const operation = await waitAsPreferred(context, request, reply, accepted.operation);
  if (!isFinal(operation.state)) {
    const body = toAcceptedSnapshotDto(operation, accepted.snapshot);
    return await reply.code(202).header('location', `/v1/operations/${operation.id}`).send(body);
  }
  if (operation.kind === 'snapshot.delete') return await reply.code(200).send(toAcceptedSnapshotDto(operation, null));
  const snapshot = await context.engine.snapshots.get(TELLER, accepted.snapshot.id);
  return await reply.code(201).header('location', `/v1/snapshots/${snapshot.id}`).send(toSnapshotDto(snapshot));
}

/** The same for changes of a volume: 201 with it when it has been made, 200 with the final operation when it is gone. */
export async function answerVolume(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  accepted: AcceptedVolume,
): Promise<FastifyReply> {
  const operation = await waitAsPreferred(context, request, reply, accepted.operation);
  if (!isFinal(operation.state)) {
    const body = toAcceptedVolumeDto(operation, accepted);
    return await reply.code(202).header('location', `/v1/operations/${operation.id}`).send(body);
  }
  if (operation.kind === 'volume.delete') return await reply.code(200).send(toAcceptedVolumeDto(operation, null));
  const shown = await context.engine.volumes.get(TELLER, accepted.volume.id);
  reply.header('location', `/v1/volumes/${shown.volume.id}`).header('etag', etagOf(shown.volume));
  return await reply.code(201).send(toVolumeDto(shown));
}

/** The same for a template that is installed: 201 with it when it is there. */
export async function answerTemplate(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  accepted: Operation,
): Promise<FastifyReply> {
  const operation = await waitAsPreferred(context, request, reply, accepted);
  if (!isFinal(operation.state)) return answerUnderWay(reply, operation, null);
  const template = await context.engine.templates.get(TELLER, operation.subject.name);
  const ref = `${template.name}@${template.version}`;
  return await reply.code(201).header('location', `/v1/templates/${ref}`).send(toTemplateDto(template));
}

/** The operation after the wait that the caller preferred, if any. Throws its error if it has failed meanwhile. */
export async function waitAsPreferred(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
): Promise<Operation> {
  const seconds = preferredWait(request.headers['prefer']);
  if (seconds === null || isFinal(operation.state)) return unlessFailed(operation);
  reply.header('preference-applied', `wait=${seconds}`);
  const waiting = { timeoutMs: seconds * 1000, signal: context.signals.of(reply) };
  return unlessFailed(await context.engine.operations.wait(TELLER, operation.id, waiting));
}

/** An operation that is over already is that of a repeated request, the first of which was never answered. */
function unlessFailed(operation: Operation): Operation {
  const failure = failureOf(operation);
  if (failure !== null) throw failure;
  return operation;
}

function answerUnderWay(reply: FastifyReply, operation: Operation, vm: Vm | null): FastifyReply {
  return reply.code(202).header('location', `/v1/operations/${operation.id}`).send(toAcceptedDto(operation, vm));
}

/** The VM after a wait that was too short; as it was when accepted if it is gone by now. */
async function latest(context: V1Context, request: FastifyRequest, vm: Vm): Promise<Vm> {
  if (preferredWait(request.headers['prefer']) === null) return vm;
  try {
    return await context.engine.vms.get(TELLER, vm.id);
  } catch (error) {
    if (error instanceof VolaryError && error.code === 'not_found') return vm;
    throw error;
  }
}

import { routes } from '@volary/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Updated, UpdateOptions } from '../../engine/apis/config-api.ts';
import { mount } from '../mount.ts';
import { TELLER } from '../teller.ts';
import { waitAsPreferred } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toConfigStateDto, toRevisionConfigDto, toRevisionDto, toUpdateVm } from './dto/config-dto.ts';
import { toVmDto } from './dto/vm-dto.ts';
import { etagOf, isKnown, preconditionOf } from './etags.ts';

/** How VMs are set: changing it, and the history of that. */
export function mountVmConfig(app: FastifyInstance, context: V1Context): void {
  const { engine } = context;

  /** How the VM is set once the machine has what it is to have, as far as the caller waits for that. */
  async function answerState(request: FastifyRequest, reply: FastifyReply, updated: Updated): Promise<FastifyReply> {
    const { id } = await settled(context, request, reply, updated);
    const state = await engine.vms.config(request.principal, id);
    return await reply.header('etag', etagOf(state.vm)).send(toConfigStateDto(state));
  }

  mount(app, routes.updateVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(engine.vms, request, request.params.ref);
    const options = { ...precondition, ...applyOf(request.query) };
    const updated = await engine.vms.update(request.principal, ref, toUpdateVm(request.body), options);
    const vm = await settled(context, request, reply, updated);
    return await reply.header('etag', etagOf(vm)).send(toVmDto(vm));
  });

  mount(app, routes.getVmConfig, async (request, reply) => {
    const state = await engine.vms.config(request.principal, request.params.ref);
    const etag = etagOf(state.vm);
    reply.header('etag', etag);
    if (isKnown(request.headers['if-none-match'], etag)) return await reply.code(304).send();
    return await reply.send(toConfigStateDto(state));
  });

  mount(app, routes.updateVmConfig, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(engine.vms, request, request.params.ref);
    const options = { ...precondition, ...applyOf(request.query) };
    const updated = await engine.vms.update(request.principal, ref, toUpdateVm(request.body), options);
    return await answerState(request, reply, updated);
  });

  mount(app, routes.rollBackVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(engine.vms, request, request.params.ref);
    const options = { ...precondition, ...applyOf(request.query), number: request.body.revision };
    return await answerState(request, reply, await engine.vms.rollBack(request.principal, ref, options));
  });

  mount(app, routes.listVmRevisions, async (request, reply) => {
    const { limit = 50, cursor } = request.query;
    const after = cursor === undefined ? null : Number(cursor);
    const { items, next } = await engine.vms.listRevisions(request.principal, request.params.ref, { limit, after });
    return await reply.send({ items: items.map(toRevisionDto), next_cursor: next === null ? null : `${next}` });
  });

  mount(app, routes.getVmRevision, async (request, reply) => {
    const { ref, number } = request.params;
    return await reply.send(toRevisionConfigDto(await engine.vms.getRevision(request.principal, ref, Number(number))));
  });
}

function applyOf({ apply }: { readonly apply?: UpdateOptions['apply'] | undefined }): Pick<UpdateOptions, 'apply'> {
  return apply === undefined ? {} : { apply };
}

/** The VM after the wait that the caller preferred. Throws the error for which its machine has not what it was to be given. */
async function settled(
  context: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { vm, operation }: Updated,
): Promise<Updated['vm']> {
  if (operation === null || request.headers['prefer'] === undefined) return vm;
  await waitAsPreferred(context, request, reply, operation);
  return await context.engine.vms.get(TELLER, vm.id);
}

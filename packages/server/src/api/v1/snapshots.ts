import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { answerChange, answerSnapshot } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toForkDto, toForkRequest, toRestoredVm, toSnapshotDto } from './dto/snapshot-dto.ts';
import { etagOf, preconditionOf, unchangedOf } from './etags.ts';
import { cursorParam } from './parse-param.ts';

/** Snapshots: create, list, get, delete. */
export function mountSnapshots(app: FastifyInstance, context: V1Context): void {
  const { snapshots } = context.engine;

  mount(app, routes.createSnapshot, async (request, reply) => {
    const { name = null, description = '', labels = {} } = request.body;
    const asked = { name, description, labels };
    const accepted = await snapshots.create(request.principal, request.params.ref, asked, onceOf(request));
    return await answerSnapshot(context, request, reply, accepted);
  });

  mount(app, routes.listSnapshots, async (request) => {
    const { limit = 50, cursor, vm, state, selector } = request.query;
    const page = await snapshots.list(request.principal, {
      limit,
      after: cursorParam('snap', cursor),
      ...(vm === undefined ? {} : { vm }),
      ...(state === undefined ? {} : { state }),
      ...(selector === undefined ? {} : { selector }),
    });
    return { items: page.items.map(toSnapshotDto), next_cursor: page.next };
  });

  mount(app, routes.getSnapshot, async (request, reply) => {
    const snapshot = await snapshots.get(request.principal, request.params.ref);
    reply.header('etag', etagOf(snapshot));
    return toSnapshotDto(snapshot);
  });

  mount(app, routes.deleteSnapshot, async (request, reply) => {
    const accepted = await snapshots.delete(request.principal, request.params.ref, unchangedOf(request));
    return await answerSnapshot(context, request, reply, accepted);
  });
}

/** VMs that begin from what was saved. */
export function mountSnapshotVms(app: FastifyInstance, context: V1Context): void {
  const { snapshots, vms } = context.engine;

  mount(app, routes.createVmFromSnapshot, async (request, reply) => {
    const { ref } = request.params;
    const accepted = await snapshots.createVm(request.principal, ref, toRestoredVm(request.body), onceOf(request));
    return await answerChange(context, request, reply, accepted, 201);
  });

  mount(app, routes.forkVm, async (request, reply) => {
    const { ref } = request.params;
    const forked = await snapshots.fork(request.principal, ref, toForkRequest(request.body), onceOf(request));
    return await reply.code(202).header('location', `/v1/operations/${forked.operation.id}`).send(toForkDto(forked));
  });

  mount(app, routes.restoreVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    const options = { ...precondition, snapshot: request.body.snapshot };
    return await answerChange(context, request, reply, await snapshots.restore(request.principal, ref, options), 200);
  });
}

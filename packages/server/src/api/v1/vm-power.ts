import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import { answerChange, answerOperation } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toGraceMs } from './dto/vm-dto.ts';
import { preconditionOf } from './etags.ts';

/** What changes the life of a VM: start, stop, restart, pause, suspend, resume, delete. */
export function mountVmPower(app: FastifyInstance, context: V1Context): void {
  const { vms } = context.engine;

  mount(app, routes.startVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    return await answerChange(context, request, reply, await vms.start(request.principal, ref, precondition), 200);
  });

  mount(app, routes.stopVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    const accepted = await vms.stop(request.principal, ref, { ...precondition, graceMs: toGraceMs(request.body) });
    return await answerChange(context, request, reply, accepted, 200);
  });

  mount(app, routes.restartVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    const accepted = await vms.restart(request.principal, ref, { ...precondition, graceMs: toGraceMs(request.body) });
    return await answerChange(context, request, reply, accepted, 200);
  });

  mount(app, routes.pauseVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    return await answerChange(context, request, reply, await vms.pause(request.principal, ref, precondition), 200);
  });

  mount(app, routes.suspendVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    return await answerChange(context, request, reply, await vms.suspend(request.principal, ref, precondition), 200);
  });

  mount(app, routes.resumeVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    return await answerChange(context, request, reply, await vms.resume(request.principal, ref, precondition), 200);
  });

  mount(app, routes.deleteVm, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(vms, request, request.params.ref);
    const { preserve_volumes: preservesVolumes = false, grace_ms: graceMs = 0, force: isForced = true } = request.query;
    const how = { preservesVolumes, graceMs, isForced };
    const accepted = await vms.delete(request.principal, ref, { ...precondition, ...how });
    return await answerOperation(context, request, reply, accepted);
  });
}

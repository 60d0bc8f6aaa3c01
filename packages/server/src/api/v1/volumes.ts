import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { answerVolume } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toVmDto } from './dto/vm-dto.ts';
import { toAskedVolume } from './dto/vm-volume-dto.ts';
import { toCreateVolume, toVolumeChange, toVolumeDto } from './dto/volume-dto.ts';
import { etagOf, preconditionOf, unchangedOf } from './etags.ts';
import { cursorParam } from './parse-param.ts';

/** Volumes: create, list, get, change, give to VMs and take from them, delete. */
export function mountVolumes(app: FastifyInstance, context: V1Context): void {
  const { volumes } = context.engine;

  mount(app, routes.createVolume, async (request, reply) => {
    const accepted = await volumes.create(request.principal, toCreateVolume(request.body), onceOf(request));
    return await answerVolume(context, request, reply, accepted);
  });

  mount(app, routes.listVolumes, async (request) => {
    const { limit = 50, cursor, selector } = request.query;
    const page = await volumes.list(request.principal, {
      limit,
      after: cursorParam('vol', cursor),
      ...(selector === undefined ? {} : { selector }),
    });
    return { items: page.items.map(toVolumeDto), next_cursor: page.next };
  });

  mount(app, routes.getVolume, async (request, reply) => {
    const shown = await volumes.get(request.principal, request.params.ref);
    reply.header('etag', etagOf(shown.volume));
    return toVolumeDto(shown);
  });

  mount(app, routes.updateVolume, async (request, reply) => {
    const change = toVolumeChange(request.body);
    const shown = await volumes.update(request.principal, request.params.ref, change, unchangedOf(request));
    reply.header('etag', etagOf(shown.volume));
    return toVolumeDto(shown);
  });

  mount(app, routes.attachVolume, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(context.engine.vms, request, request.params.ref);
    const vm = await volumes.attach(request.principal, ref, toAskedVolume(request.body), precondition);
    reply.header('etag', etagOf(vm));
    return toVmDto(vm);
  });

  mount(app, routes.detachVolume, async (request, reply) => {
    const { ref, precondition } = await preconditionOf(context.engine.vms, request, request.params.ref);
    const vm = await volumes.detach(request.principal, ref, request.params.disk, precondition);
    reply.header('etag', etagOf(vm));
    return toVmDto(vm);
  });

  mount(app, routes.deleteVolume, async (request, reply) => {
    const accepted = await volumes.delete(request.principal, request.params.ref, unchangedOf(request));
    return await answerVolume(context, request, reply, accepted);
  });
}

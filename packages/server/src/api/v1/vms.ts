import { routes, TEXT_TYPE, type VmPage } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { VmId } from '../../domain/ids.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Page } from '../../engine/requests.ts';
import { onceOf } from '../idempotency.ts';
import { JSON_HEADER } from '../json-header.ts';
import { mount } from '../mount.ts';
import { createPagesWriter, itemsOf } from '../pages.ts';
import { sendStream } from '../realtime/send-stream.ts';
import { unlessAborted } from '../realtime/unless-aborted.ts';
import { answerChange } from './answer-change.ts';
import { openConsole } from './console.ts';
import type { V1Context } from './context.ts';
import { toCreateVm, toVmDto } from './dto/vm-dto.ts';
import { etagOf, isKnown } from './etags.ts';
import { vmSelectionOf } from './vm-selection.ts';

/** VMs: create, list, get, wait, console. */
export function mountVms(app: FastifyInstance, context: V1Context): void {
  const { engine, signals, log } = context;
  const bytesOf = createPagesWriter(
    (pages: readonly Page<Vm, VmId>[]) =>
      ({
        items: itemsOf(pages).map(toVmDto),
        next_cursor: pages.at(-1)?.next ?? null,
      }) satisfies VmPage,
  );

  mount(app, routes.createVm, async (request, reply) => {
    const accepted = await engine.vms.create(request.principal, await toCreateVm(request.body), onceOf(request));
    return await answerChange(context, request, reply, accepted, 201);
  });

  mount(app, routes.listVms, async (request, reply) => {
    const page = await engine.vms.list(request.principal, vmSelectionOf(request.query));
    return await reply.header('content-type', JSON_HEADER).send(bytesOf([page]));
  });

  mount(app, routes.getVm, async (request, reply) => {
    const vm = await engine.vms.get(request.principal, request.params.ref);
    const etag = etagOf(vm);
    reply.header('etag', etag);
    if (isKnown(request.headers['if-none-match'], etag)) return await reply.code(304).send();
    return await reply.send(toVmDto(vm));
  });

  mount(app, routes.getVmPlaces, async (request) => {
    const { kernelPath, rootPath, socketPath } = await engine.vms.locate(request.principal, request.params.ref);
    return { kernel_path: kernelPath, root_path: rootPath, socket_path: socketPath };
  });

  mount(app, routes.waitForVm, async (request, reply) => {
    const { phase = 'running', timeout = 30, incarnation, health } = request.query;
    const life = incarnation === undefined ? {} : { incarnation };
    const wanted = { phase, ...life, ...(health === undefined ? {} : { health }) };
    const waiting = { timeoutMs: timeout * 1000, signal: signals.of(reply) };
    const vm = await engine.vms.wait(request.principal, request.params.ref, wanted, waiting);
    if (vm === null) return await reply.code(204).send();
    return await reply.header('etag', etagOf(vm)).send(toVmDto(vm));
  });

  mount(app, routes.readConsole, async (request, reply) => {
    const { offset = 0, follow = false } = request.query;
    const signal = signals.of(reply);
    const source = await engine.vms.readConsole(request.principal, request.params.ref, { offset, follow, signal });
    const { firstOffset, bytes } = await openConsole(unlessAborted(source, signal), { isFollowing: follow });
    await sendStream(reply, bytes, {
      contentType: `${TEXT_TYPE}; charset=utf-8`,
      headers: firstOffset === null ? {} : { 'x-console-offset': String(firstOffset) },
      isFlushedAtOnce: follow,
      log,
    });
    return reply;
  });
}

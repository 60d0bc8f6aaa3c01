import { LIMITS } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { Page } from '../../../engine/requests.ts';
import { plainUserData, requireReadable } from '../../cloud-init-texts.ts';
import type { FaceContext } from '../../face.ts';
import { JSON_HEADER } from '../../json-header.ts';
import { mount } from '../../mount.ts';
import { createPagesWriter, itemsOf, pagesOf } from '../../pages.ts';
import { TELLER } from '../../teller.ts';
import { outcomeOf } from './finish.ts';
import { partOf } from './pages.ts';
import { placeOf } from './place.ts';
import { routes } from './routes.ts';
import type { CreateVm } from './schemas.ts';
import { isShownAs, toCreatedVm, toListedVm, toVm, toVmPower } from './translate.ts';

/** How long an end may take beyond what its guest is given for it. */
const ENDING_MS = 60_000;

/** VMs: list, create, get, start, stop, restart, delete. */
export function mountVms(app: FastifyInstance, { engine, signals }: FaceContext): void {
  const { vms } = engine;
  const bytesOf = createPagesWriter((pages: readonly Page<Vm, VmId>[]) => itemsOf(pages).map(toListedVm));

  mount(app, routes.listVms, async ({ principal, query }, reply) => {
    const { plugin, status, ...page } = query;
    const pages = await pagesOf<Vm, VmId>((asked) => vms.list(principal, asked));
    const all = itemsOf(pages);
    if (Object.keys(query).length === 0) {
      partOf(reply, all, {});
      return await reply.header('content-type', JSON_HEADER).send(bytesOf(pages));
    }
    const ofPlugin = plugin === undefined ? all : all.filter(({ spec }) => spec.template?.name === plugin);
    const wanted = status === undefined ? ofPlugin : ofPlugin.filter(isShownAs(status));
    return partOf(reply, wanted, page).map(toListedVm);
  });

  mount(app, routes.createVm, async ({ principal, body }, reply) => {
    const { name, plugin, config = {} } = body;
    const accepted = await vms.create(principal, {
      name,
      template: plugin,
      spec: {
        ...resourcesOf(config.resources ?? {}),
        ...(await cloudInitOf(config)),
        ...(await placeOf(engine, principal, plugin)),
      },
      labels: {},
      metadata: {},
      start: true,
      warmStart: 'auto',
    });
    return await reply.code(201).send(toCreatedVm(accepted.vm));
  });

  mount(app, routes.getVm, async ({ principal, params }) =>
    toVm(await engine.health.get(principal, params.name), Date.now()),
  );

  mount(app, routes.startVm, async ({ principal, params }) => {
    try {
      return toVmPower((await vms.start(principal, params.name, {})).vm);
    } catch (error) {
      // One that is paused is stopped here, and goes on by being started.
      if (!(error instanceof VolaryError) || error.reason !== 'vm.paused') throw error;
      return toVmPower((await vms.resume(principal, params.name, {})).vm);
    }
  });

  mount(app, routes.stopVm, async ({ principal, params, query }, reply) => {
    const graceMs = graceOf(query);
    const { vm, operation } = await vms.stop(principal, params.name, { graceMs });
    const waiting = { timeoutMs: graceMs + ENDING_MS, signal: signals.of(reply) };
    const failure = await outcomeOf(engine, operation, waiting);
    if (failure !== null) throw failure;
    return toVmPower(await vms.get(TELLER, vm.id));
  });

  mount(app, routes.restartVm, async ({ principal, params }) =>
    toVmPower((await vms.restart(principal, params.name, { graceMs: LIMITS.graceMs.default })).vm),
  );

  mount(app, routes.deleteVm, async ({ principal, params, query }, reply) => {
    const graceMs = graceOf(query);
    const { vm } = await vms.delete(principal, params.name, { graceMs });
    const waiting = { timeoutMs: graceMs + ENDING_MS, signal: signals.of(reply) };
    await vms.wait(TELLER, vm.id, { phase: 'absent' }, waiting);
    return await reply.code(204).send();
  });
}

function graceOf({ force = false }: { readonly force?: boolean }): number {
  return force ? 0 : LIMITS.graceMs.default;
}

/** Of a request for a machine. */
export function resourcesOf({ vcpu, memory_mb }: { readonly vcpu?: number; readonly memory_mb?: number }) {
  return {
    ...(vcpu === undefined ? {} : { vcpuCount: vcpu }),
    ...(memory_mb === undefined ? {} : { memoryMib: memory_mb }),
  };
}

/** Throws `invalid_argument` vm.invalid_cloud_init. */
async function cloudInitOf({ cloud_init }: NonNullable<CreateVm['config']>) {
  const text = cloud_init?.user_data ?? '';
  if (text === '') return {};
  const cloudInit = { userData: await plainUserData(text), metaData: null, networkConfig: null };
  await requireReadable(cloudInit);
  return { cloudInit };
}

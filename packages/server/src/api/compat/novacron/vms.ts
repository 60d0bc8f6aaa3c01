import type { FastifyInstance } from 'fastify';
import type { Principal } from '../../../domain/principal/principal.ts';
import { SYSTEM } from '../../../domain/principal/principal.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { Leaf } from '../../../engine/requests.ts';
import type { FaceContext } from '../../face.ts';
import { JSON_HEADER } from '../../json-header.ts';
import { mount } from '../../mount.ts';
import { toMoment } from '../moments.ts';
import { toCreateRequest, toUpdateRequest } from './ask-for-vm.ts';
import { toVmMetrics } from './metrics.ts';
import { requireVmId } from './require-vm.ts';
import type { VersionRoutes } from './routes.ts';
import {
  changesPending,
  driversOf,
  jobId,
  phasesOf,
  type Surroundings,
  statusOf,
  toDetails,
  toListed,
} from './translate.ts';
import type { ListQuery } from './vm-schemas.ts';

/** VMs: list, create, get, update, delete. */
export function mountVms(app: FastifyInstance, routes: VersionRoutes, context: FaceContext): void {
  const { engine, installation } = context;
  const { vms, operations } = engine;
  const bytesOf = createLeafWriter(installation.region);

  mount(app, routes.listVms, async ({ principal, query }, reply) => {
    const { page = 1, limit = 20 } = query;
    const leaf = await vms.browse(principal, { limit, offset: (page - 1) * limit, ...toFilter(query) });
    return await reply.header('content-type', JSON_HEADER).send(bytesOf(leaf, { page, limit }));
  });

  mount(app, routes.createVm, async ({ principal, body }, reply) => {
    const request = toCreateRequest(body, installation.region);
    const { vm, operation } = await vms.create(principal, request);
    return await reply.code(201).send({
      id: vm.id,
      name: vm.name,
      status: statusOf(vm),
      provisioning_job_id: jobId(operation.id),
      estimated_completion: toMoment(await operations.estimate(operation, vm)),
    });
  });

  mount(app, routes.getVm, async ({ principal, params }) => {
    const vm = await vms.get(principal, requireVmId(params.vm_id));
    return toDetails(vm, await lookAround(engine, principal, vm));
  });

  mount(app, routes.updateVm, async ({ principal, params, body }) => {
    const id = requireVmId(params.vm_id);
    const options = { isAlwaysOperation: true };
    const { vm, operation } = await vms.update(principal, id, toUpdateRequest(body), options);
    if (operation === null) throw new TypeError('a change that is recorded has an operation');
    return {
      id,
      status: statusOf(vm),
      update_job_id: jobId(operation.id),
      changes_pending: changesPending(vm),
    };
  });

  mount(app, routes.deleteVm, async ({ principal, params, query }, reply) => {
    const { force: isForced = false, preserve_volumes: preservesVolumes = false } = query;
    const id = requireVmId(params.vm_id);
    const { vm, operation } = await vms.delete(principal, id, { isForced, preservesVolumes });
    return await reply.code(202).send({
      id,
      status: statusOf(vm),
      deletion_job_id: jobId(operation.id),
      estimated_completion: toMoment(await operations.estimate(operation, vm)),
    });
  });
}

function toFilter({ status, hypervisor, cloud, search }: ListQuery) {
  // Whatever the cloud, what is not here is not there.
  const drivers = cloud !== undefined && cloud !== 'onprem' ? [] : hypervisor && driversOf(hypervisor);
  return {
    ...(status === undefined ? {} : { phases: phasesOf(status) }),
    ...(drivers === undefined ? {} : { drivers }),
    ...(search === undefined ? {} : { search }),
  };
}

/** Keeps the bytes it made of a page for as long as the engine keeps that: it does so while no VM has changed. */
function createLeafWriter(region: string) {
  const written = new WeakMap<Leaf<Vm>, Buffer>();
  return (leaf: Leaf<Vm>, { page, limit }: { readonly page: number; readonly limit: number }): Buffer => {
    const known = written.get(leaf);
    if (known !== undefined) return known;
    const { items, total } = leaf;
    const data = items.map((vm) => toListed(vm, region));
    const pagination = { page, limit, total, pages: Math.ceil(total / limit) };
    const bytes = Buffer.from(JSON.stringify({ data, pagination }));
    written.set(leaf, bytes);
    return bytes;
  };
}

/** What a VM uses, and what runs it. */
async function lookAround(engine: Engine, principal: Principal, vm: Vm): Promise<Surroundings> {
  const [report, alertCount, { drivers }, [here]] = await Promise.all([
    engine.metrics.get(principal, vm.id, '1m'),
    engine.alerts.count(principal, { vm: vm.id, state: 'firing' }),
    engine.capabilities(),
    // Who may see a VM is told the name of its host: whether they may look at hosts besides is another matter.
    engine.hosts.list(SYSTEM),
  ]);
  const driver = drivers.find(({ kind }) => kind === vm.driver);
  const { cpuPercent, memoryPercent, storagePercent } = toVmMetrics(report);
  return {
    hostName: here?.host.name ?? '',
    version: driver?.version ?? '',
    accelerator: here?.host.driver === vm.driver ? here.host.accelerator.kind : (driver?.accelerator ?? 'none'),
    ...{ cpuPercent, memoryPercent, storagePercent, alertCount },
  };
}

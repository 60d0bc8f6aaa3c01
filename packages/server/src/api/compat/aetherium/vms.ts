import type { FastifyInstance } from 'fastify';
import { uuidOf, type VmId } from '../../../domain/ids.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { Page } from '../../../engine/requests.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { vmIdOf } from './ids.ts';
import { routes } from './routes.ts';
import { toCreateRequest, toTaskStatus, toTaskType, toVmDetails, toVmSummary } from './translate.ts';

/** Asked for at a time. */
const PAGE = 200;

/** VMs: create, list, get, delete. */
export function mountVms(app: FastifyInstance, { engine }: FaceContext): void {
  const { vms } = engine;

  mount(app, routes.createVm, async ({ principal, body }, reply) => {
    const { operation } = await vms.create(principal, toCreateRequest(body));
    return await reply.code(202).send({ task_id: uuidOf(operation.id), status: toTaskStatus(operation.state) });
  });

  mount(app, routes.listVms, async ({ principal }) => {
    const all = await listAll(engine, principal);
    return { vms: all.map(toVmSummary), total: all.length };
  });

  mount(app, routes.getVm, async ({ principal, params }) => {
    const id = vmIdOf(params.id);
    return toVmDetails(await vms.get(principal, id), await vms.locate(principal, id));
  });

  mount(app, routes.deleteVm, async ({ principal, params }, reply) => {
    const { operation } = await vms.delete(principal, vmIdOf(params.id), {});
    const { id, kind, state } = operation;
    return await reply.code(202).send({ id: uuidOf(id), type: toTaskType(kind), status: toTaskStatus(state) });
  });
}

async function listAll({ vms }: Engine, principal: Principal): Promise<readonly Vm[]> {
  const all: Vm[] = [];
  let after: VmId | null = null;
  do {
    const page: Page<Vm, VmId> = await vms.list(principal, { limit: PAGE, after });
    all.push(...page.items);
    after = page.next;
  } while (after !== null);
  return all;
}

import type { FastifyInstance } from 'fastify';
import { uuidOf, type VmId } from '../../../domain/ids.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { Page } from '../../../engine/requests.ts';
import type { FaceContext } from '../../face.ts';
import { JSON_HEADER } from '../../json-header.ts';
import { mount } from '../../mount.ts';
import { createPagesWriter, itemsOf, pagesOf } from '../../pages.ts';
import { vmIdOf } from './ids.ts';
import { routes } from './routes.ts';
import type { VmList } from './schemas.ts';
import { toCreateRequest, toTaskStatus, toTaskType, toVmDetails, toVmSummary } from './translate.ts';

/** VMs: create, list, get, delete. */
export function mountVms(app: FastifyInstance, { engine }: FaceContext): void {
  const { vms } = engine;
  const bytesOf = createPagesWriter((pages: readonly Page<Vm, VmId>[]) => {
    const all = itemsOf(pages);
    return { vms: all.map(toVmSummary), total: all.length } satisfies VmList;
  });

  mount(app, routes.createVm, async ({ principal, body }, reply) => {
    const { operation } = await vms.create(principal, toCreateRequest(body));
    return await reply.code(202).send({ task_id: uuidOf(operation.id), status: toTaskStatus(operation.state) });
  });

  mount(app, routes.listVms, async ({ principal }, reply) =>
    reply.header('content-type', JSON_HEADER).send(bytesOf(await pagesOfVms(engine, principal))),
  );

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

/** All that the principal may see, in the order they were made. */
export async function listVms(engine: Engine, principal: Principal): Promise<readonly Vm[]> {
  return itemsOf(await pagesOfVms(engine, principal));
}

async function pagesOfVms({ vms }: Engine, principal: Principal): Promise<readonly Page<Vm, VmId>[]> {
  return await pagesOf<Vm, VmId>((asked) => vms.list(principal, asked));
}

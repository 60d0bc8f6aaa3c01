import type { FastifyInstance } from 'fastify';
import type { Network } from '../../../domain/network/network.ts';
import { may, type Principal } from '../../../domain/principal/principal.ts';
import type { VmRevision } from '../../../domain/vm/revision.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { allOf, partOf } from './pages.ts';
import { routes } from './routes.ts';
import { toConfig, toConfigChange, toUpdatedConfig } from './translate.ts';
import { resourcesOf } from './vms.ts';

/** How VMs are set, the history of that, and what their workloads say of themselves. */
export function mountVmConfig(app: FastifyInstance, { engine, signals }: FaceContext): void {
  const { vms } = engine;

  mount(app, routes.getVmConfig, async ({ principal, params }) => {
    const vm = await vms.get(principal, params.name);
    return toConfig(vm, await networkOf(engine, principal, vm));
  });

  mount(app, routes.updateVmConfig, async ({ principal, params, body }) => {
    const change = { spec: resourcesOf(body.resources) };
    const { vm } = await vms.update(principal, params.name, change, { apply: 'next-start' });
    return toUpdatedConfig(vm);
  });

  mount(app, routes.getVmConfigHistory, async ({ principal, params, query }, reply) => {
    const all = await allOf<VmRevision, number>((page) => vms.listRevisions(principal, params.name, page));
    return partOf(reply, all, query).map(toConfigChange);
  });

  mount(app, routes.getVmOpenapi, async ({ principal, params }, reply) =>
    engine.workloadInterfaces.openapi(principal, params.name, { signal: signals.of(reply) }),
  );
}

/** Null where it is on none, or the principal may not know. */
async function networkOf({ networks }: Engine, principal: Principal, { spec }: Vm): Promise<Network | null> {
  if (spec.network.mode !== 'bridge' || !may(principal, 'network:read')) return null;
  return (await networks.get(principal, spec.network.name)).network;
}

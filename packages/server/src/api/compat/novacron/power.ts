import type { FastifyInstance } from 'fastify';
import type { Accepted } from '../../../engine/requests.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { toMoment } from '../moments.ts';
import type { Patience } from './power-schemas.ts';
import { requireVmId } from './require-vm.ts';
import type { VersionRoutes } from './routes.ts';
import { jobId, statusOf } from './translate.ts';

/** What a guest is given to shut down where nothing is said, seconds. */
const DEFAULT_SECONDS = 60;

/** Start, stop, restart, migrate. */
export function mountPower(app: FastifyInstance, routes: VersionRoutes, { engine }: FaceContext): void {
  const { vms, operations, hosts } = engine;

  mount(app, routes.startVm, async ({ principal, params }) =>
    toPowered(await vms.start(principal, requireVmId(params.vm_id), {})),
  );

  mount(app, routes.stopVm, async ({ principal, params, body }) =>
    toPowered(await vms.stop(principal, requireVmId(params.vm_id), { graceMs: graceOf(body) })),
  );

  mount(app, routes.restartVm, async ({ principal, params }) =>
    toPowered(await vms.restart(principal, requireVmId(params.vm_id), { graceMs: graceOf({}) })),
  );

  mount(app, routes.migrateVm, async ({ principal, params, body }, reply) => {
    const id = requireVmId(params.vm_id);
    const { vm, operation } = await vms.migrate(principal, id, { targetHost: body.target_host });
    const source = await hosts.get(principal, vm.hostId);
    return await reply.code(202).send({
      id,
      status: statusOf(vm),
      migration_job_id: jobId(operation.id),
      source_host: source.host.name,
      target_host: body.target_host,
      progress_percent: 100 * (operation.progress?.fraction ?? 0),
      estimated_completion: toMoment(await operations.estimate(operation, vm)),
    });
  });
}

function toPowered({ vm, operation }: Accepted) {
  return { id: vm.id, status: statusOf(vm), operation_id: operation.id };
}

/** How long guests may take to shut down, milliseconds; 0: they are not asked. */
export function graceOf({ graceful = true, timeout_seconds: seconds = DEFAULT_SECONDS }: Patience): number {
  return graceful ? seconds * 1_000 : 0;
}

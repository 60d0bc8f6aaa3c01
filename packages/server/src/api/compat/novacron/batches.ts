import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../../domain/errors.ts';
import type { Operation } from '../../../domain/operation/operation.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { faultOf } from './errors.ts';
import { graceOf } from './power.ts';
import { requireVmId } from './require-vm.ts';
import type { VersionRoutes } from './routes.ts';
import { jobId } from './translate.ts';
import type { Batch } from './watch-schemas.ts';

/** At the same time, where they need not be done in order. */
const CONCURRENCY = 8;
/** So often it is looked again which VMs there are, when one goes just then. */
const TRIES = 5;

/** The same for many VMs. One that cannot be found, or may not be touched, keeps the others from nothing. */
export function mountBatches(app: FastifyInstance, routes: VersionRoutes, { engine }: FaceContext): void {
  mount(app, routes.runBatch, async ({ principal, body }, reply) => {
    const { refused, operation } = await accept(engine, principal, body);
    const failed = new Map(refused.map(({ id, error }) => [id, error]));
    return await reply.code(202).send({
      batch_job_id: jobId(operation.id, 'batch_job'),
      operation: body.operation,
      total_vms: body.vm_ids.length,
      status: 'processing',
      results: body.vm_ids.map((vm_id) => {
        const error = failed.get(vm_id);
        return error === undefined ? { vm_id, status: 'queued' } : { vm_id, status: 'failed', error: faultOf(error) };
      }),
    });
  });
}

interface Refused {
  readonly id: string;
  readonly error: VolaryError;
}

/** Throws what is wrong with the first one where none of them can be done. */
async function accept(
  engine: Engine,
  principal: Principal,
  { operation: action, vm_ids: ids, options = {} }: Batch,
): Promise<{ readonly operation: Operation; readonly refused: readonly Refused[] }> {
  const { parallel = true } = options;
  const graceMs = action === 'stop' || action === 'restart' ? graceOf(options) : 0;
  for (let tries = 1; ; tries++) {
    const refused = await whichAreNot(engine, principal, ids);
    const good = ids.filter((id) => !refused.some((one) => one.id === id));
    const [first] = refused;
    if (good.length === 0 && first !== undefined) throw first.error;
    try {
      const items = good.map((vm) => ({ action, target: { vm }, graceMs }));
      const concurrency = parallel ? CONCURRENCY : 1;
      const operation = await engine.batches.run(principal, { isStoppedByError: false, concurrency, items });
      return { operation, refused };
    } catch (error) {
      const isGoneMeanwhile = error instanceof VolaryError && error.reason === 'vm.unknown';
      if (!isGoneMeanwhile || tries === TRIES) throw error;
    }
  }
}

/** Those that there are not, for this caller. */
async function whichAreNot({ vms }: Engine, principal: Principal, ids: readonly string[]): Promise<readonly Refused[]> {
  const refused: Refused[] = [];
  for (const id of ids) {
    try {
      await vms.get(principal, requireVmId(id));
    } catch (error) {
      if (!(error instanceof VolaryError) || error.code !== 'not_found') throw error;
      refused.push({ id, error });
    }
  }
  return refused;
}

/** What follows when a machine has ended without having been asked to: written down, and a restart if the policy asks for one. */
import { VolaryError } from '../../domain/errors.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { MachineEnd } from '../../ports/driver.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';
import { newOperation } from '../operations/request-change.ts';
import { decideRestart, type EndedLife, type NextRestart } from '../plans/restart-policy.ts';
import { readConsoleTail } from './console-tail.ts';
import * as writer from './vm-writer.ts';

type LifeEndDeps = Pick<EngineDeps, 'store' | 'driver' | 'bus' | 'clock' | 'ids' | 'log' | 'tracer'> & {
  readonly config: EngineConfig;
};

/** Writes that the wanted life is over, and why. */
export async function noteLifeEnded(deps: LifeEndDeps, work: writer.Work, end: MachineEnd): Promise<void> {
  switch (end.cause) {
    case 'powered-off': {
      // While somebody waits for something else of this VM, a guest that has left is stopped, as it would be had it been asked.
      const restart = work.operation === null ? nextRestart(deps, work, end.cause) : null;
      if (restart === null) await writer.writeStoppedByItself(deps, work);
      else await writer.writePoweredOff(deps, work, restart);
      return;
    }
    case 'rebooted':
      await writer.writeNextLife(deps, work, systemRestart(deps, work.vm), 'rebooted');
      return;
    case 'panicked':
    case 'io-error':
    case 'vmm-died': {
      const error = new VolaryError('unavailable', describeEnd(end), { reason: END_REASONS[end.cause] });
      await noteFailure(deps, work, error, end.cause);
      return;
    }
    default:
      end satisfies never;
  }
}

/** Writes that the VM has failed: its machine has ended, or could not be started. */
export async function noteFailure(
  deps: LifeEndDeps,
  work: writer.Work,
  error: VolaryError,
  cause: EndedLife['cause'],
): Promise<void> {
  const restart = nextRestart(deps, work, cause);
  await writer.writeFailed(deps, work, { error, consoleTail: await readConsoleTail(deps, work.vm.id), restart });
}

/** Begins the life that the restart policy has asked for. */
export async function beginRestart(deps: LifeEndDeps, work: writer.Work): Promise<void> {
  await writer.writeNextLife(deps, work, systemRestart(deps, work.vm), 'restart-policy');
}

/** Whoever asked for a start is told of its failure; the policy is for machines that were there. */
function nextRestart(
  { clock }: LifeEndDeps,
  { vm, operation }: writer.Work,
  cause: EndedLife['cause'],
): NextRestart | null {
  const wasThere = vm.startedAt !== null || operation === null || operation.principal === 'system';
  if (!wasThere) return null;
  const livedMs = vm.startedAt === null ? null : clock.now() - vm.startedAt;
  return decideRestart({ policy: vm.spec.restartPolicy, cause, count: vm.restarts.count, livedMs });
}

function systemRestart(deps: LifeEndDeps, vm: Vm) {
  return newOperation(deps, {
    kind: 'vm.restart',
    subject: { kind: 'vm', id: vm.id, name: vm.name },
    generation: vm.generation,
    principal: 'system',
  });
}

const END_REASONS = {
  panicked: 'vm.panicked',
  'io-error': 'vm.io_error',
  'vmm-died': 'vm.vmm_died',
} as const;

/** What has become of a machine that ended by itself, for people. */
export function describeEnd(end: MachineEnd): string {
  const what = {
    'powered-off': 'The guest powered it off.',
    rebooted: 'The guest rebooted it.',
    panicked: 'The guest kernel panicked.',
    'io-error': 'The machine stopped at an input/output error of its disk.',
    'vmm-died': 'The virtual machine monitor is gone.',
  }[end.cause];
  return !('detail' in end) || end.detail === '' ? what : `${what} ${end.detail}`;
}

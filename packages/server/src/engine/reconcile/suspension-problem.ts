/**
 * What a VM was suspended to may be unreadable for a while, as with a failing disk or too many open files, or for good. The VM says so then, and nothing is
 * given up for it. Once it can be read again the VM says that no more.
 */
import type { Suspension } from '../../domain/vm/vm.ts';
import type { EngineDeps } from '../deps.ts';
import { type Work, writeSuspension } from './vm-writer.ts';

type ProblemDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log'>;

/** Tells it in the VM, as an event and in the log; once, for as long as it stays the same. `detail`: a sentence for people. */
export async function noteUnreadable(deps: ProblemDeps, work: Work, detail: string): Promise<void> {
  const { id, suspension, desired } = work.vm;
  if (suspension?.problem === detail) return;
  deps.log.warn('what a VM was suspended to cannot be read; it is kept', { vmId: id, detail });
  // One that has not been suspended, as it is about to be started again, is not shown as if it were.
  if (suspension === null && desired.power !== 'suspended') return;
  await writeSuspension(deps, work, { ...(suspension ?? foundSuspended(deps.clock.now())), problem: detail });
}

/** The same when it can be read, or is no more. */
export async function noteReadable(deps: ProblemDeps, work: Work): Promise<Work> {
  const { id, suspension } = work.vm;
  if (suspension === null || suspension.problem === null) return work;
  deps.log.info('what a VM was suspended to can be read again', { vmId: id });
  const { vm } = await writeSuspension(deps, work, { ...suspension, problem: null });
  return { ...work, vm };
}

/** Of a VM whose row does not know that it was suspended, as after an older database was brought back. */
function foundSuspended(at: number): Suspension {
  return { reason: 'requested', message: 'It was found suspended.', at, problem: null };
}

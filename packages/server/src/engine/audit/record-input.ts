import type { Mutation } from '../../domain/audit/actions.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { EngineDeps } from '../deps.ts';
import { auditTarget, recordAudit } from './record-audit.ts';

/** Writes down that somebody feeds a command, or resizes its terminal, before that is done. */
export type RecordInput = (
  principal: Principal,
  execution: Execution,
  action: Extract<Mutation, 'execution.write-stdin' | 'execution.resize'>,
) => Promise<void>;

/** Each key that is pressed in a terminal is a request: one entry tells of all that one principal did to one command within this time. */
const SAME_MS = 60_000;
/** One that is forgotten is written once more. */
const MOST_KNOWN = 4_096;

export function createInputRecorder({ store, clock }: Pick<EngineDeps, 'store' | 'clock'>): RecordInput {
  const known = new Map<string, { readonly atMs: number; readonly written: Promise<void> }>();
  return async (principal, { id, vmId }, action) => {
    const key = JSON.stringify([id, action, principal.name, principal.credential, principal.origin.address]);
    const before = known.get(key);
    if (before !== undefined && clock.monotonicMs() - before.atMs < SAME_MS) return await before.written;
    const done = { action, target: auditTarget('execution', { id }), details: { vm_id: vmId } };
    const written = recordAudit(store, clock, principal, done);
    known.delete(key);
    known.set(key, { atMs: clock.monotonicMs(), written });
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    try {
      await written;
    } catch (error) {
      known.delete(key);
      throw error;
    }
  };
}

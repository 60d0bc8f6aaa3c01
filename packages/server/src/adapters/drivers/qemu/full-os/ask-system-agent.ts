import type { VmId } from '../../../../domain/ids.ts';
import type { Machines } from '../machines.ts';
import { findRecord } from '../present-machine.ts';
import { shutDownBySystemAgent } from './system-agent.ts';
import { isWholeSystem } from './system-agent-port.ts';

/** One that runs answers at once, also under emulation. */
const ANSWER_MS = 2_000;

/** Asks a whole system to end by the agent that it may have brought, besides whatever else asks it. Throws the signal's reason alone. */
export async function askSystemAgent(machines: Machines, vmId: VmId, signal: AbortSignal): Promise<void> {
  const record = await findRecord(machines, vmId);
  if (record === null || !isWholeSystem(record.argv)) return;
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    await shutDownBySystemAgent(machines.directory(vmId).systemAgentSocketPath, limited);
  } catch {
    // Nobody is there who would answer; the power button is asked next.
    signal.throwIfAborted();
  }
}

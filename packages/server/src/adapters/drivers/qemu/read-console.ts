import { existsSync } from 'node:fs';
import type { VmId } from '../../../domain/ids.ts';
import type { ConsoleChunk } from '../../../ports/driver.ts';
import { createConsoleLog } from '../../shared/console-log.ts';
import { sleep } from '../../shared/sleep.ts';
import type { Machines } from './machines.ts';
import { findRecord } from './present-machine.ts';

/** How often the VMM's ring is looked into while somebody follows: QEMU has no event for it. */
const FOLLOW_MS = 200;

/** The console's bytes from `offset` on; what the VMM still holds is fetched first. Ends at once for an unknown VM. */
export async function* readConsole(
  machines: Machines,
  vmId: VmId,
  options: { readonly offset: number; readonly follow: boolean; readonly signal: AbortSignal },
): AsyncIterable<ConsoleChunk> {
  const { path } = machines.directory(vmId);
  let { offset } = options;
  while (!options.signal.aborted && existsSync(path)) {
    await fetchConsole(machines, vmId);
    for await (const chunk of createConsoleLog(path).read(offset)) {
      yield chunk;
      offset = chunk.offset + chunk.bytes.length;
    }
    if (!options.follow) return;
    await sleep(FOLLOW_MS, options.signal).catch(() => undefined);
  }
}

/** What cannot be fetched now, since the machine is gone or silent, is not waited for: the log has the rest. */
async function fetchConsole(machines: Machines, vmId: VmId): Promise<void> {
  const record = await findRecord(machines, vmId);
  if (record !== null)
    await machines
      .monitor(vmId, record)
      .drainConsole()
      .catch(() => undefined);
}

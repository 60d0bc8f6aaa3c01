import type { VmId } from '../../domain/ids.ts';
import type { EngineDeps } from '../deps.ts';
import { withTimeout } from '../with-timeout.ts';

const TAIL_BYTES = 4_096;
/** Reading a failed machine's console must not become a failure of its own. */
const TIMEOUT_MS = 2_000;

/** The last lines of a VM's console, as text; empty when there is none to be had. */
export async function readConsoleTail(
  { driver, clock, log }: Pick<EngineDeps, 'driver' | 'clock' | 'log'>,
  vmId: VmId,
): Promise<string> {
  try {
    return await withTimeout(clock, TIMEOUT_MS, new AbortController().signal, async (signal) => {
      let tail = new Uint8Array();
      for await (const { bytes } of driver.readConsole(vmId, { offset: 0, follow: false, signal })) {
        const joined = new Uint8Array(tail.length + bytes.length);
        joined.set(tail);
        joined.set(bytes, tail.length);
        tail = joined.slice(-TAIL_BYTES);
      }
      return new TextDecoder().decode(tail).replaceAll('\r', '');
    });
  } catch (error) {
    log.debug('no console tail', { vmId, error });
    return '';
  }
}

import type { ConsoleChunk } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { sleep } from '../../shared/sleep.ts';
import type { Container } from './engine/containers.ts';
import { type EngineClient, lost } from './engine/engine-client.ts';

/** How often the engine's log is looked into while somebody follows: it holds 8 MiB at most. */
const FOLLOW_MS = 500;

/**
 * What was written to the container's console, as the engine has kept it. It begins its log anew when that is full, and offsets with it.
 * Ends at once where there is no container.
 */
export async function* readConsole(
  client: EngineClient,
  find: (options: Abortable) => Promise<Container | null>,
  options: Abortable & { readonly offset: number; readonly follow: boolean },
): AsyncIterable<ConsoleChunk> {
  const { signal, follow } = options;
  let { offset } = options;
  while (!signal.aborted) {
    const container = await find({ signal }).catch(unlessAborted(signal));
    if (container === null) return;
    const path = `/containers/${container.id}/logs?stdout=1&stderr=1`;
    const log = await client
      .stream({ method: 'GET', path, expected: [404, 409] }, { signal })
      .catch(unlessAborted(signal));
    let at = 0;
    try {
      for await (const bytes of log ?? []) {
        const fresh: Uint8Array = bytes.subarray(Math.max(0, offset - at));
        at += bytes.length;
        if (fresh.length === 0) continue;
        yield { offset: at - fresh.length, bytes: fresh };
        offset = at;
      }
    } catch (error) {
      if (!signal.aborted) throw lost(error);
    }
    if (!follow) return;
    await sleep(FOLLOW_MS, signal).catch(() => undefined);
  }
}

/** Who follows until it is enough is not told so by an error. */
function unlessAborted(signal: AbortSignal): (error: unknown) => null {
  return (error) => {
    if (signal.aborted) return null;
    throw error;
  };
}

import { VolaryError } from '../../../../domain/errors.ts';
import { sleep } from '../../../shared/sleep.ts';
import { NIC_ID } from '../network.ts';
import type { QmpClient } from '../qmp/qmp-client.ts';

const LOAD_TIMEOUT_MS = 20_000;
const POLL_MS = 2;

/**
 * Brings a machine that was started from saved state to go: waits until it has taken that up, unplugs its network, since it still has
 * the address of the one that was saved, gives its disk its size, and sets its processors going. May be repeated.
 * Throws `unavailable` driver.qmp_*, driver.start_failed.
 */
export async function setRestoredGoing(
  client: QmpClient,
  {
    hasNetwork,
    diskBytes,
    signal,
  }: { readonly hasNetwork: boolean; readonly diskBytes: number | null; readonly signal: AbortSignal },
): Promise<void> {
  await untilLoaded(client, signal);
  if (hasNetwork) await client.execute('set_link', { name: NIC_ID, up: false });
  if (diskBytes !== null) await client.execute('block_resize', { 'node-name': 'disk', size: diskBytes });
  await client.execute('cont', null);
}

/** Waits until the VMM has taken up the state that it was started from. Throws `unavailable` driver.qmp_*, driver.start_failed. */
export async function untilLoaded(client: QmpClient, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + LOAD_TIMEOUT_MS;
  while ((await client.execute('query-status', null)).status === 'inmigrate') {
    if (performance.now() > deadline) {
      throw new VolaryError('unavailable', 'The virtual machine monitor did not start.', {
        reason: 'driver.start_failed',
      });
    }
    await sleep(POLL_MS, signal);
  }
}

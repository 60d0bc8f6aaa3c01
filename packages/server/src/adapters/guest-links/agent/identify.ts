import type { Clock } from '../../../ports/clock.ts';
import type { Abortable, GuestIdentity } from '../../../ports/guest-link.ts';
import { decodeIdentifyResult, encodeOpenIdentify } from './messages/machine.ts';
import type { StreamTable } from './stream-table.ts';
import { callUnary } from './streams/unary.ts';
import { millisecondsOf } from './units.ts';

/** How far behind a guest's clock may be once it is set, milliseconds. */
const CLOCK_ERROR_MS = 50;
/** A guest that was just restored is slow at first: what it does again it does quickly. */
const MOST_TRIES = 4;

/**
 * Tells the guest who it is. The time that it sets is that of our sending, so its clock is behind by as long as the request was under way. That
 * is not known, but it is no longer than the whole took less what the guest's own clock has seen of it: if that is too much, it is told again.
 */
export async function identify(
  { table, clock }: { readonly table: StreamTable; readonly clock: Pick<Clock, 'monotonicMs'> },
  identity: GuestIdentity,
  { signal }: Abortable,
): Promise<void> {
  const { hostname, machineId, wallClockMs, network, entropy } = identity;
  const calledMs = clock.monotonicMs();
  const wallMs = (): number => (wallClockMs === 0 ? 0 : Math.round(wallClockMs + clock.monotonicMs() - calledMs));
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const payload = encodeOpenIdentify({
      hostname,
      machineId: Buffer.from(machineId, 'hex'),
      wallClockNs: BigInt(wallMs()) * 1_000_000n,
      network: Object.entries(network).map(([name, value]) => `${name}=${value}`),
      entropy,
    });
    const setNs = await callUnary(table, { payload, isRepeatable: true, decode: decodeIdentifyResult }, signal);
    if (wallMs() - millisecondsOf(setNs) <= CLOCK_ERROR_MS) return;
  }
}

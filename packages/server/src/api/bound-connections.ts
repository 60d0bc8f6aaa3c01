import type { Server } from 'node:net';
import type { EngineDeps } from '../engine/deps.ts';
import { type IpRange, isWithin, networkNameOf, parseIp, unmapped } from '../lib/ip-address.ts';
import type { ApiLimits } from './limits.ts';

export interface BoundConnections {
  readonly limits: Pick<ApiLimits, 'connections' | 'addressConnections'>;
  /** Addresses behind which are many callers, such as proxies: only the total counts for them. */
  readonly crowded: readonly IpRange[];
  readonly log: EngineDeps['log'];
}

/** How often the log is told that connections are refused. */
const TELL_MS = 60_000;

/**
 * Closes connections at once that are more than there may be, all together or from one address (of IPv6: from one network). Nothing is
 * answered: who opens so many is not to cost more than that.
 */
export function boundConnections(server: Server, { limits, crowded, log }: BoundConnections): void {
  const byPlace = new Map<string, number>();
  let total = 0;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  function refuse(limit: 'connections' | 'addressConnections'): void {
    const nowMs = performance.now();
    if (nowMs - toldAtMs < TELL_MS) return;
    toldAtMs = nowMs;
    log.warn('connections are refused: there are as many as there may be', { limit, maximum: limits[limit] });
  }

  function isCrowded(address: string): boolean {
    const ip = parseIp(address);
    return ip !== null && crowded.some((range) => isWithin(unmapped(ip), range));
  }

  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const place = networkNameOf(address);
    const fromThere = byPlace.get(place) ?? 0;
    const tooMany =
      total >= limits.connections
        ? 'connections'
        : fromThere >= limits.addressConnections && !isCrowded(address)
          ? 'addressConnections'
          : null;
    if (tooMany !== null) {
      refuse(tooMany);
      socket.destroy();
      return;
    }
    total += 1;
    byPlace.set(place, fromThere + 1);
    socket.once('close', () => {
      total -= 1;
      const left = (byPlace.get(place) ?? 1) - 1;
      if (left === 0) byPlace.delete(place);
      else byPlace.set(place, left);
    });
  });
}

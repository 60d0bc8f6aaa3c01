import type { Server } from 'node:net';
import type { EngineDeps } from '../engine/deps.ts';
import { type IpRange, isWithin, networkNameOf, parseIp, unmapped } from '../lib/ip-address.ts';
import type { OpenCount, Refusal } from './open-count.ts';

export interface BoundConnections {
  readonly connections: OpenCount;
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
export function boundConnections(server: Server, { connections, crowded, log }: BoundConnections): void {
  let toldAtMs = Number.NEGATIVE_INFINITY;

  function tell({ bound, maximum }: Refusal): void {
    const nowMs = performance.now();
    if (nowMs - toldAtMs < TELL_MS) return;
    toldAtMs = nowMs;
    const limit = bound === 'total' ? 'connections' : 'addressConnections';
    log.warn('connections are refused: there are as many as there may be', { limit, maximum });
  }

  function isCrowd(address: string): boolean {
    const ip = parseIp(address);
    return ip !== null && crowded.some((range) => isWithin(unmapped(ip), range));
  }

  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    const entry = connections.enter(networkNameOf(address), { isCrowd: isCrowd(address) });
    if (entry.isIn) {
      socket.once('close', entry.leave);
      return;
    }
    tell(entry);
    socket.destroy();
  });
}

import type { GuestConnection } from '../../ports/guest-link.ts';

/** Ends a connection that has done what it was for, before it is disposed of: its server sees an end, and no reset. */
export async function endPolitely(connection: GuestConnection): Promise<void> {
  // A server that has gone away by itself needs no goodbye.
  await connection.end().catch(() => undefined);
}

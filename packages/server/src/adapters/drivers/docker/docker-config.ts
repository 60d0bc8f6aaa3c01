import type { Duplex } from 'node:stream';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import type { Abortable, GuestLink } from '../../../ports/guest-link.ts';
import type { Log } from '../../../ports/log.ts';

export interface DockerDriverDeps {
  /** Below it is what we have to know of a container that its engine does not. */
  readonly dataDir: string;
  /** Marks containers as ours. */
  readonly installationId: string;
  /** Where the Docker Engine listens. */
  readonly socketPath: string;
  readonly log: Log;
  /** Speaks with an agent over a byte pipe, which is opened anew after each loss. */
  readonly connectAgent: (connection: {
    readonly openTransport: (options: Abortable) => Promise<Duplex>;
    readonly linkKey: Uint8Array;
    readonly signal: AbortSignal;
  }) => Promise<GuestLink>;
  /** The agent's program. */
  readonly readAgent: (options: Abortable) => Promise<Uint8Array>;
  /** For tests that kill this program. */
  readonly faultPoint?: FaultPoint;
}

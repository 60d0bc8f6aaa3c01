import type { Duplex } from 'node:stream';
import { VolaryError } from '../../../domain/errors.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { connectSocket } from '../../shared/connect-socket.ts';
import type { VmDirectory } from './vm-directory.ts';

/** How the driver reaches an agent: by whatever speaks the guest protocol over a byte pipe. Given to it from outside. */
export interface AgentConnection {
  /**
   * Connects the byte pipe, anew after each loss. Throws `failed_precondition` driver.no_machine when there is no machine
   * any more, so that the link gives up; any other error means "try again".
   */
  readonly openTransport: (options: { readonly signal: AbortSignal }) => Promise<Duplex>;
  readonly linkKey: Uint8Array;
  /** Ends the wait for the agent's first answer; later it means nothing. */
  readonly signal: AbortSignal;
}

/** Resolves with a link once the agent has answered; rejects with the signal's reason or the transport's final error. */
export type ConnectAgent = (connection: AgentConnection) => Promise<GuestLink>;

/** The byte pipe to the agent of a machine that is there. */
export async function openAgentSocket(directory: VmDirectory): Promise<Duplex> {
  return connectSocket(directory.agentSocketPath).catch((cause: unknown) => {
    throw new VolaryError('unavailable', "The way to the guest's agent is not there.", {
      reason: 'guest.link_lost',
      cause,
    });
  });
}

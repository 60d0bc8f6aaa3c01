import type { GuestListener } from '../../domain/port/listener.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Abortable, GuestConnection } from '../../ports/guest-link.ts';

/** One TCP connection into a guest. */
export type PortConnection = GuestConnection;

/** Ports of guests, by way of their agents, whatever network they have. Errors as `Awaken`; a suspended guest is woken. */
export interface PortApi {
  /**
   * Connects to a port of the guest from within it: to its loopback, by IPv4, else by IPv6. The signal holds until it is connected. Until it
   * is disposed of, the guest is in use; without its end written before, that resets it. Throws `failed_precondition` port.refused,
   * `deadline_exceeded` port.no_answer, `resource_exhausted` port.too_many, `unavailable` guest.link_lost.
   */
  connect(principal: Principal, ref: string, port: number, options: Abortable): Promise<PortConnection>;
  /** What listens in the guest. Throws `unsupported` port.not_listed where the guest does not tell. */
  list(principal: Principal, ref: string, options: Abortable): Promise<readonly GuestListener[]>;
}

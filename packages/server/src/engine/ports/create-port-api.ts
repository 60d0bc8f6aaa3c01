import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Abortable, GuestConnection, GuestLink } from '../../ports/guest-link.ts';
import { authorise } from '../access/authorise.ts';
import type { PortApi } from '../apis/port-api.ts';
import type { EngineDeps } from '../deps.ts';
import type { Activity } from '../sessions/activity.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import { requireAgent } from '../sessions/require-agent.ts';
import type { Awaken } from '../suspend/awaken.ts';
import { connectToPort } from './connect-to-port.ts';
import { createConnectionCount } from './connection-count.ts';
import { listListeners } from './list-listeners.ts';

interface PortDeps extends Pick<EngineDeps, 'store' | 'clock'> {
  readonly links: GuestLinks;
  readonly awaken: Awaken;
  readonly activity: Activity;
}

/** Connections into guests, and what there is to connect to. */
export function createPortApi({ links, awaken, activity, store, clock }: PortDeps): PortApi {
  const count = createConnectionCount();

  async function enter(principal: Principal, ref: string, signal: AbortSignal): Promise<Vm> {
    authorise(principal, 'vm:port');
    return await awaken(principal, ref, { cause: 'port', permission: 'vm:port', signal });
  }

  async function linkTo(vm: Vm, options: Abortable): Promise<GuestLink> {
    await requireAgent({ links, store, clock }, vm, options.signal);
    return await links.open(vm.id, options);
  }

  return {
    async connect(principal, ref, port, options) {
      const vm = await enter(principal, ref, options.signal);
      const leave = both(count.enter(vm), activity.begin(vm.id));
      try {
        return leaving(await connectToPort(clock, await linkTo(vm, options), { vm, port }, options), leave);
      } catch (error) {
        leave();
        throw error;
      }
    },
    async list(principal, ref, options) {
      const vm = await enter(principal, ref, options.signal);
      const leave = activity.begin(vm.id);
      try {
        return await listListeners(await linkTo(vm, options), options);
      } finally {
        leave();
      }
    },
  };
}

function both(...ends: readonly (() => void)[]): () => void {
  return () => {
    for (const end of ends) end();
  };
}

/** The same connection, which says when it is over. */
function leaving(connection: GuestConnection, leave: () => void): GuestConnection {
  return {
    input: connection.input,
    write: (bytes) => connection.write(bytes),
    end: () => connection.end(),
    async [Symbol.asyncDispose]() {
      leave();
      await connection[Symbol.asyncDispose]();
    },
  };
}

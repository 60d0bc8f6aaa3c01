import type { GuestPortPage, PortAnswer } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { VolaryConnectionError } from './errors.ts';
import { connectionOf, PORT_WINDOW_BYTES, type PortConnection } from './port-connection.ts';
import type { Transport } from './transport.ts';

/** Ports of VMs, by way of their agents, whatever network they have; each VM by its id or name. */
export interface PortClient {
  /** What listens in the guest. */
  list(vmRef: string, options?: Abortable): Promise<GuestPortPage>;
  /** Resolves if the port takes a connection; else throws why not, such as `port.refused`. */
  check(vmRef: string, port: number, options?: Abortable): Promise<PortAnswer>;
  /** Connects to the port, within the guest. Throws as `check`. The signal holds until it is connected. */
  connect(vmRef: string, port: number, options?: Abortable): Promise<PortConnection>;
}

export function createPortClient(transport: Transport): PortClient {
  const pathOf = (ref: string, rest = '') => `/v1/vms/${encodeURIComponent(ref)}/ports${rest}`;
  const client: PortClient = {
    list: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    check: (ref, port, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref, `/${port}`), signal }),
    connect: async (ref, port, { signal } = {}) => {
      const call = { path: pathOf(ref, `/${port}`), query: { window: PORT_WINDOW_BYTES } };
      const first = await opened(await transport.socket(call), signal);
      if (first !== null) return connectionOf(first, transport.baseUrl);
      // A WebSocket is not told why it is refused: a request is. By that, a login may also have been renewed.
      await client.check(ref, port, { signal });
      const second = await opened(await transport.socket(call), signal);
      if (second !== null) return connectionOf(second, transport.baseUrl);
      throw new VolaryConnectionError(transport.baseUrl, 'it takes no WebSockets');
    },
  };
  return client;
}

/** The socket as soon as it is open; null if it was refused. Rejects with the signal's reason. */
function opened(socket: WebSocket, signal: AbortSignal | undefined): Promise<WebSocket | null> {
  socket.binaryType = 'arraybuffer';
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      socket.close();
      reject(signal?.reason);
    };
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const settle = (result: WebSocket | null): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve(result);
    };
    socket.addEventListener('open', () => settle(socket), { once: true });
    socket.addEventListener('error', () => settle(null), { once: true });
  });
}

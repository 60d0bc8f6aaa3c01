import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { Socket } from 'node:net';
import { EVENT_SOCKET_PROTOCOL, type ServerMessage } from '@volary/contract';
import { ADMIN_KEY } from './run-server.ts';

/** A client of `GET /v1/events` as a WebSocket, by Node's own one: all that it was sent, and how it was closed. */
export interface EventSocket {
  readonly received: readonly ServerMessage[];
  readonly protocol: string;
  send(...messages: readonly unknown[]): void;
  /** What was received, as soon as there are messages for which this holds. */
  until(isEnough: (received: readonly ServerMessage[]) => boolean): Promise<readonly ServerMessage[]>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  close(): Promise<void>;
}

/** Opens one as a page in a browser does: with the key among the protocols. Rejects if it is refused. */
export async function openEventSocket(url: string, search = '', key = ADMIN_KEY): Promise<EventSocket> {
  const address = `${url.replace('http', 'ws')}/v1/events${search}`;
  const socket = new WebSocket(address, [EVENT_SOCKET_PROTOCOL, `bearer.${encodeURIComponent(key)}`]);
  const received: ServerMessage[] = [];
  let wake = (): void => undefined;
  const closed = Promise.withResolvers<{ readonly code: number; readonly reason: string }>();
  socket.addEventListener('message', ({ data }) => {
    const message: ServerMessage = JSON.parse(String(data));
    received.push(message);
    wake();
  });
  socket.addEventListener('close', ({ code, reason }) => {
    closed.resolve({ code, reason });
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', () => reject(new Error('refused')));
  });
  return {
    received,
    protocol: socket.protocol,
    send: (...messages) => {
      for (const message of messages) socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    },
    async until(isEnough) {
      while (!isEnough(received)) {
        if (socket.readyState === WebSocket.CLOSED)
          throw new Error(
            `closed after ${received.length} messages, of which the last: ${JSON.stringify(received.at(-1))}`,
          );
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return received;
    },
    closed: closed.promise,
    close: async () => {
      socket.close();
      await closed.promise;
    },
  };
}

/** The sequences of the events in these messages, in the order they came. */
export function sequencesOf(messages: readonly ServerMessage[], id?: string): readonly number[] {
  return messages.flatMap((message) =>
    message.type === 'event' && (id === undefined || message.id === id) ? [message.event.sequence] : [],
  );
}

/** A handshake by hand: the bare connection, or the answer that refused it. An empty header is not sent. */
export async function shakeHands(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  search = '',
  path = '/v1/events',
): Promise<
  | { readonly status: 101; readonly connection: Socket }
  | { readonly status: number; readonly connection: null; readonly problem: { readonly reason: string } }
> {
  const all = {
    authorization: `Bearer ${ADMIN_KEY}`,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
  const asking = request(`${url}${path}${search}`, { headers: sent });
  const answered = new Promise<IncomingMessage | Socket>((resolve, reject) => {
    asking.once('response', resolve).once('error', reject);
    asking.once('upgrade', (_response, socket: Socket, head: Buffer) => {
      socket.unshift(head);
      resolve(socket);
    });
  });
  asking.end();
  const answer = await answered;
  if (answer instanceof Socket) return { status: 101, connection: answer };
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode ?? 0, connection: null, problem: JSON.parse(text) };
}

/** The code and reason with which the server closed this connection; reads it to its end. */
export async function goodbyeOf(
  connection: Socket,
): Promise<{ readonly code: number; readonly reason: string } | null> {
  const chunks: Buffer[] = [];
  connection.on('data', (chunk: Buffer) => chunks.push(chunk));
  connection.resume();
  if (!connection.readableEnded && !connection.destroyed) await once(connection, 'close');
  const bytes = Buffer.concat(chunks);
  for (let at = 0; at + 2 <= bytes.length; ) {
    const opcode = bytes.readUInt8(at) & 0x0f;
    const short = bytes.readUInt8(at + 1) & 0x7f;
    const headLength = short === 126 ? 4 : short === 127 ? 10 : 2;
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    const payload = bytes.subarray(at + headLength, at + headLength + length);
    if (opcode === 8) return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
    at += headLength + length;
  }
  return null;
}

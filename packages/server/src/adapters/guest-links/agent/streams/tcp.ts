import type { VolaryError } from '../../../../domain/errors.ts';
import type { Abortable, GuestConnection } from '../../../../ports/guest-link.ts';
import { FRAME_TYPES, type Frame } from '../frame.ts';
import { connectionEnded, linkLost, refusalError } from '../guest-errors.ts';
import { CHANNEL_IN, CHANNEL_OUT, decodeData, decodeEof, decodeWindow } from '../messages/channel.ts';
import { decodeError, decodeNothing } from '../messages/result.ts';
import { encodeOpenTcp } from '../messages/tcp.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import { mapPieces, ReceiveQueue } from '../receive-queue.ts';
import { ReceiveWindow } from '../receive-window.ts';
import { SendChannel } from '../send-channel.ts';
import type { LinkStream, StreamPort, StreamTable } from '../stream-table.ts';

/** Connects from inside the guest. The signal holds until it is connected. A lost session ends the connection. */
export async function connectInGuest(
  table: StreamTable,
  { host, port }: { readonly host: string; readonly port: number },
  { signal }: Abortable,
): Promise<GuestConnection> {
  signal.throwIfAborted();
  const stream = new TcpStream(encodeOpenTcp(host, port));
  const onAbort = (): void => {
    table.withdraw(stream);
    stream.end(signal.reason);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  table.add(stream);
  try {
    await stream.connected;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  return {
    input: mapPieces(stream.queue, ({ bytes }) => bytes),
    write: (bytes) => stream.channel.write(bytes),
    end: () => stream.channel.finish(),
    async [Symbol.asyncDispose]() {
      stream.end(connectionEnded());
    },
  };
}

class TcpStream implements LinkStream {
  readonly queue: ReceiveQueue;
  readonly channel = new SendChannel(CHANNEL_IN, { isKept: false, afterEnd: connectionEnded });
  readonly #open: Uint8Array;
  readonly #connected = Promise.withResolvers<void>();
  readonly #window = new ReceiveWindow(0, { acknowledgesByReading: true });
  #port: StreamPort | null = null;
  #isConnected = false;

  constructor(open: Uint8Array) {
    this.#open = open;
    this.queue = new ReceiveQueue({
      taken: ({ bytes }) => {
        this.#window.consume(bytes.length);
        this.#grant();
      },
      // Who stops reading may still write.
      abandoned: () => undefined,
    });
  }

  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  begin(port: StreamPort): void {
    this.#port = port;
    port.send(FRAME_TYPES.OPEN, this.#open);
    this.channel.begin(port);
    this.#grant();
  }

  take({ type, payload }: Frame): void {
    if (type === FRAME_TYPES.ERROR) {
      this.#port?.end();
      this.#fail(refusalError(decodeError(payload)));
    } else if (!this.#isConnected) {
      if (type !== FRAME_TYPES.RESULT) throw new ProtocolViolation('a connection speaks before it is one');
      decodeNothing(payload);
      this.#isConnected = true;
      this.#connected.resolve();
    } else this.#takeConnected(type, payload);
  }

  lose(): boolean {
    this.#fail(linkLost('the session of a connection ended'));
    return false;
  }

  close(error: VolaryError): void {
    this.#fail(error);
  }

  end(reason: unknown): void {
    // After both ends the guest may still be passing on what it has of us, and is done by itself: CLOSE would break that off.
    if (this.channel.isEndSent && this.#window.isRead) this.#port?.end();
    else this.#port?.close();
    this.#fail(reason);
  }

  #takeConnected(type: number, payload: Buffer): void {
    if (type === FRAME_TYPES.WINDOW) {
      const window = decodeWindow(payload);
      if (window.channel !== CHANNEL_IN) throw new ProtocolViolation('a WINDOW is for no channel of a connection');
      this.channel.takeWindow(window);
    } else if (type === FRAME_TYPES.DATA) {
      const { channel, offset, bytes } = decodeData(payload);
      if (channel !== CHANNEL_OUT) throw new ProtocolViolation('DATA is for no channel of a connection');
      const fresh = this.#window.take(offset, bytes);
      if (fresh !== null) this.queue.push({ channel, ...fresh });
    } else if (type === FRAME_TYPES.EOF) {
      const { channel, offset } = decodeEof(payload);
      if (channel !== CHANNEL_OUT) throw new ProtocolViolation('EOF is for no channel of a connection');
      this.#window.takeEnd(offset);
      this.queue.finish();
      this.#grant();
    } else throw new ProtocolViolation('a connection got a frame that is not for it');
  }

  #grant(): void {
    const due = this.#window.due();
    if (due !== null) this.#port?.sendWindow({ channel: CHANNEL_OUT, ...due });
  }

  #fail(error: unknown): void {
    this.#port = null;
    this.#connected.reject(error);
    this.channel.fail(error);
    this.queue.fail(error);
  }
}

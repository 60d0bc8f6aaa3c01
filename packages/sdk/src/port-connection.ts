import { LIMITS, PORT_SOCKET_CLOSE, type PortMessage } from '@volary/contract';
import { VolaryApiError, VolaryConnectionError } from './errors.ts';

/** So many bytes may be under way in each direction: a WebSocket by itself keeps all that comes. */
export const PORT_WINDOW_BYTES = LIMITS.portSocket.windowBytes.maximum / 4;
const PIECE_BYTES = 64 * 1024;

/** One TCP connection into a guest. Disposing of it before both sides have ended resets it in the guest. */
export interface PortConnection extends AsyncDisposable {
  /**
   * What the guest sends, to its end; to be read once. No more is fetched than is read, but for a megabyte. Throws `VolaryApiError` when the guest, or its link, breaks
   * off, and `VolaryConnectionError` when the way to the server does.
   */
  readonly input: AsyncIterable<Uint8Array>;
  /** Resolves when more may be written: wait for it, and a guest that does not read slows you down. Rejects as `input`. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more will be written; what comes can still be read. May be repeated. */
  end(): Promise<void>;
}

/** The connection that an open socket is. */
export function connectionOf(socket: WebSocket, baseUrl: string): PortConnection {
  const incoming = createIncoming(socket);
  const outgoing = createOutgoing(socket);
  const closed = new Promise<void>((resolve) => {
    socket.addEventListener('close', ({ code, reason }) => {
      const error = errorOfClose(code, reason, baseUrl);
      incoming.fail(error);
      outgoing.fail(error);
      resolve();
    });
  });

  socket.addEventListener('message', ({ data }) => {
    if (data instanceof ArrayBuffer) {
      incoming.push(new Uint8Array(data));
      return;
    }
    const message: PortMessage = JSON.parse(String(data));
    if (message.type === 'end') incoming.finish();
    else outgoing.taken(message.bytes);
  });

  return {
    input: incoming.bytes(),
    write: outgoing.write,
    end: outgoing.end,
    async [Symbol.asyncDispose]() {
      // After both ends the server says goodbye by itself.
      if (!(incoming.isFinished() && outgoing.isFinished())) socket.close(PORT_SOCKET_CLOSE.reset, 'reset');
      await closed;
    },
  };
}

/** Something that changes, and whoever waits for that. */
function createNews() {
  let next = Promise.withResolvers<void>();
  return {
    wait: () => next.promise,
    tell(): void {
      next.resolve();
      next = Promise.withResolvers();
    },
  };
}

function createIncoming(socket: WebSocket) {
  const news = createNews();
  const waiting: Uint8Array[] = [];
  let isFinished = false;
  let error: Error | null = null;
  let readBytes = 0;
  let toldBytes = 0;

  function hasRead(length: number): void {
    readBytes += length;
    if (readBytes - toldBytes < PORT_WINDOW_BYTES / 4) return;
    toldBytes = readBytes;
    send(socket, { type: 'taken', bytes: readBytes });
  }

  return {
    isFinished: () => isFinished,
    push(bytes: Uint8Array): void {
      waiting.push(bytes);
      news.tell();
    },
    finish(): void {
      isFinished = true;
      news.tell();
    },
    fail(reason: Error): void {
      error = reason;
      news.tell();
    },
    async *bytes(): AsyncGenerator<Uint8Array> {
      for (;;) {
        const next = waiting.shift();
        if (next !== undefined) {
          yield next;
          hasRead(next.length);
        } else if (isFinished) return;
        else if (error !== null) throw error;
        else await news.wait();
      }
    },
  };
}

function createOutgoing(socket: WebSocket) {
  const news = createNews();
  let sentBytes = 0;
  let takenBytes = 0;
  let isFinished = false;
  let error: Error | null = null;
  // One after the other, in the order of the calls.
  let last: Promise<void> = Promise.resolve();

  async function sendAll(bytes: Uint8Array): Promise<void> {
    if (isFinished) throw new TypeError('Nothing can be written after the end of a connection.');
    for (let at = 0; at < bytes.length; ) {
      const room = PORT_WINDOW_BYTES - (sentBytes - takenBytes);
      if (error !== null) throw error;
      if (room === 0) await news.wait();
      else {
        const piece = bytes.subarray(at, at + Math.min(room, PIECE_BYTES));
        socket.send(piece); // copies it: the caller may use its buffer again
        sentBytes += piece.length;
        at += piece.length;
      }
    }
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = last.then(work);
    last = done.catch(() => undefined); // told to whoever wrote it
    return done;
  }

  return {
    isFinished: () => isFinished,
    taken(bytes: number): void {
      takenBytes = Math.max(takenBytes, bytes);
      news.tell();
    },
    fail(reason: Error): void {
      error = reason;
      news.tell();
    },
    write: (bytes: Uint8Array) => inTurn(() => sendAll(bytes)),
    end: () =>
      inTurn(async () => {
        if (isFinished) return;
        if (error !== null) throw error;
        isFinished = true;
        send(socket, { type: 'end' });
      }),
  };
}

function send(socket: WebSocket, message: PortMessage): void {
  socket.send(JSON.stringify(message));
}

/** What a close before its time says. */
function errorOfClose(code: number, reason: string, baseUrl: string): Error {
  const isReset = code === PORT_SOCKET_CLOSE.reset;
  if (!isReset && code !== PORT_SOCKET_CLOSE.violation)
    return new VolaryConnectionError(baseUrl, reason || `the socket was closed (${code})`);
  return new VolaryApiError({
    status: null,
    code: isReset ? 'aborted' : 'invalid_argument',
    reason: isReset && reason !== '' ? reason : 'client.foreign_answer',
    detail: isReset ? 'The guest has broken off the connection.' : `The server refused what was sent: ${reason}.`,
    retryable: isReset,
    requestId: null,
    operationId: null,
    errors: [],
    details: {},
  });
}

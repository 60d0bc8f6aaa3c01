/** The part of ws that we use; the package brings no types of its own. */
declare module 'ws' {
  import type { EventEmitter } from 'node:events';
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  interface Events {
    message: [data: Buffer, isBinary: boolean];
    pong: [];
    error: [error: Error];
    close: [code: number, reason: Buffer];
  }

  export class WebSocket extends EventEmitter<Events> {
    readonly readyState: number;
    static readonly OPEN: 1;
    /** Sent in the order of the calls. After the end it is dropped. Bytes that are not `binary` are a text in UTF-8. */
    send(data: string | Uint8Array, options?: { readonly binary: boolean }): void;
    ping(): void;
    /** Takes no more from the connection, but what has been taken already may still come as messages. */
    pause(): void;
    resume(): void;
    /** Sends what waits, then the code with at most 123 bytes of reason, and waits for the other side's answer. */
    close(code: number, reason: string): void;
    /** Ends the connection at once. */
    terminate(): void;
  }

  export class WebSocketServer {
    constructor(options: {
      readonly noServer: true;
      readonly clientTracking: false;
      readonly perMessageDeflate: false;
      readonly maxPayload: number;
      readonly handleProtocols: (offered: Set<string>) => string | false;
    });
    /** The lines of the answer to a handshake, before they are sent. */
    on(event: 'headers', listener: (lines: string[]) => void): this;
    /** Calls `done` before it returns; or never, when the connection is gone. */
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, done: (socket: WebSocket) => void): void;
  }
}

import type { VolaryError } from '../../../../domain/errors.ts';
import type { Abortable, GuestRead } from '../../../../ports/guest-link.ts';
import { FRAME_TYPES, type Frame } from '../frame.ts';
import { linkLost, refusalError } from '../guest-errors.ts';
import { CHANNEL_OUT, decodeData, decodeEof } from '../messages/channel.ts';
import { decodeReadResult, encodeOpenRead, type ReadResult, TO_THE_END } from '../messages/files.ts';
import { decodeError } from '../messages/result.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import { mapPieces, ReceiveQueue } from '../receive-queue.ts';
import { ReceiveWindow } from '../receive-window.ts';
import type { LinkStream, StreamPort, StreamTable } from '../stream-table.ts';
import { millisecondsOf, PERMISSION_BITS } from '../units.ts';

export interface ReadRange {
  readonly path: string;
  readonly offset: number;
  /** Null: to the end. */
  readonly length: number | null;
}

/**
 * Reads a file. The signal holds for the whole content. When a session is lost the rest is asked for in the next, provided that
 * the file is still the same one; else `unavailable` guest.link_lost.
 */
export function readGuestFile(table: StreamTable, range: ReadRange, { signal }: Abortable): Promise<GuestRead> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const onAbort = (): void => stream.abort(signal.reason);
  const stream: ReadStream = new ReadStream(range, () => {
    signal.removeEventListener('abort', onAbort);
    table.withdraw(stream);
  });
  signal.addEventListener('abort', onAbort, { once: true });
  table.add(stream);
  return stream.opened;
}

class ReadStream implements LinkStream {
  readonly #range: ReadRange;
  readonly #onEnd: () => void;
  readonly #opened = Promise.withResolvers<GuestRead>();
  readonly #queue: ReceiveQueue;
  /** In offsets from the range's begin. */
  readonly #window = new ReceiveWindow(0, { acknowledgesByReading: true });
  /** Where this session's channel begins within the range: it counts from 0 with each OPEN. */
  #base = 0;
  #port: StreamPort | null = null;
  #file: ReadResult | null = null;

  constructor(range: ReadRange, onEnd: () => void) {
    this.#range = range;
    this.#onEnd = onEnd;
    this.#queue = new ReceiveQueue({
      taken: ({ bytes }) => {
        this.#window.consume(bytes.length);
        this.#grant();
      },
      abandoned: () => {
        this.#port?.close();
        this.#onEnd();
      },
    });
  }

  get opened(): Promise<GuestRead> {
    return this.#opened.promise;
  }

  begin(port: StreamPort): void {
    this.#port = port;
    this.#base = this.#window.received;
    this.#window.begin(this.#base);
    const { path, offset, length } = this.#range;
    const left = length === null ? TO_THE_END : BigInt(length - this.#base);
    port.send(FRAME_TYPES.OPEN, encodeOpenRead({ path, offset: offset + this.#base, length: left }));
    this.#grant();
  }

  take({ type, payload }: Frame): void {
    switch (type) {
      case FRAME_TYPES.RESULT:
        this.#takeResult(decodeReadResult(payload));
        break;
      case FRAME_TYPES.DATA:
        this.#takeData(payload);
        break;
      case FRAME_TYPES.EOF:
        this.#takeEof(payload);
        break;
      case FRAME_TYPES.ERROR:
        this.#fail(refusalError(decodeError(payload)));
        break;
      default:
        throw new ProtocolViolation('a file is being read, and something else came');
    }
  }

  lose(): boolean {
    this.#port = null;
    return true;
  }

  close(error: VolaryError): void {
    this.#fail(error);
  }

  abort(reason: unknown): void {
    this.#port?.close();
    this.#fail(reason);
  }

  #grant(): void {
    const due = this.#window.due();
    if (due === null) return;
    const acknowledged = Math.max(0, due.acknowledged - this.#base);
    this.#port?.sendWindow({ channel: CHANNEL_OUT, acknowledged, limit: due.limit - this.#base });
  }

  #takeResult(file: ReadResult): void {
    if (this.#file !== null) {
      const isSame = file.size === this.#file.size && file.mtimeNs === this.#file.mtimeNs;
      if (!isSame) {
        this.#port?.close();
        this.#fail(linkLost('the file was changed while the link was lost'));
      }
      return;
    }
    this.#file = file;
    this.#opened.resolve({
      sizeBytes: file.size,
      mode: file.mode & PERMISSION_BITS,
      modifiedAtMs: millisecondsOf(file.mtimeNs),
      content: mapPieces(this.#queue, ({ bytes }) => bytes),
    });
  }

  #takeData(payload: Buffer): void {
    const { channel, offset, bytes } = decodeData(payload);
    if (channel !== CHANNEL_OUT || this.#file === null) throw new ProtocolViolation('DATA of a file is out of place');
    const fresh = this.#window.take(this.#base + offset, bytes);
    if (fresh !== null) this.#queue.push({ channel, ...fresh });
  }

  #takeEof(payload: Buffer): void {
    const { channel, offset } = decodeEof(payload);
    if (channel !== CHANNEL_OUT || this.#file === null) throw new ProtocolViolation('EOF of a file is out of place');
    this.#window.takeEnd(this.#base + offset);
    this.#port?.end();
    this.#port = null;
    this.#queue.finish();
    this.#onEnd();
  }

  #fail(error: unknown): void {
    this.#port?.end();
    this.#port = null;
    this.#opened.reject(error);
    this.#queue.fail(error);
    this.#onEnd();
  }
}

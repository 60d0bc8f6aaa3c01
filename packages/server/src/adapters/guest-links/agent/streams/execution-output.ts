import type { OutputStream } from '../../../../domain/execution/execution.ts';
import type { OutputChunk } from '../../../../ports/guest-link.ts';
import { CHANNEL_ERR, CHANNEL_OUT, type Data, type Eof } from '../messages/channel.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import { mapPieces, ReceiveQueue } from '../receive-queue.ts';
import { ReceiveWindow } from '../receive-window.ts';
import type { StreamPort } from '../stream-table.ts';

/** How many bytes of each output are kept by who reads them. */
export interface KeptOutput {
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

/** Both outputs of a command, over as many sessions as it takes: each byte once, and nothing acknowledged unasked. */
export class ExecutionOutput {
  readonly #queue: ReceiveQueue;
  readonly #windows: ReadonlyMap<number, ReceiveWindow>;
  #port: StreamPort | null = null;

  /** `kept`: bytes that its reader has already. `onRead`: the reader has taken something. */
  constructor(kept: KeptOutput, onRead: () => void) {
    const options = { acknowledgesByReading: false };
    this.#windows = new Map([
      [CHANNEL_OUT, new ReceiveWindow(kept.stdoutBytes, options)],
      [CHANNEL_ERR, new ReceiveWindow(kept.stderrBytes, options)],
    ]);
    this.#queue = new ReceiveQueue({
      taken: ({ channel, bytes }) => {
        this.#windowOf(channel).consume(bytes.length);
        this.#grant(channel);
        onRead();
      },
      // What is dropped with that counts as not read: the guest keeps it.
      abandoned: () => undefined,
    });
  }

  get chunks(): AsyncIterable<OutputChunk> {
    return mapPieces(this.#queue, ({ channel, offset, bytes }) => ({
      stream: channel === CHANNEL_OUT ? 'stdout' : 'stderr',
      offset,
      bytes,
    }));
  }

  /** Both have ended, and all there is has been read. */
  get isRead(): boolean {
    return [...this.#windows.values()].every((window) => window.isRead);
  }

  get acknowledged(): KeptOutput {
    return {
      stdoutBytes: this.#windowOf(CHANNEL_OUT).acknowledged,
      stderrBytes: this.#windowOf(CHANNEL_ERR).acknowledged,
    };
  }

  /** A session is open: the guest will send again what is not acknowledged. */
  begin(port: StreamPort): void {
    this.#port = port;
    for (const [channel, window] of this.#windows) {
      window.begin();
      this.#grant(channel);
    }
  }

  lose(): void {
    this.#port = null;
  }

  /** The command was there before: what others have acknowledged will not come. */
  allowJump(): void {
    for (const window of this.#windows.values()) window.allowJump();
  }

  /** The guest keeps nothing before these offsets, and will not send it. */
  skipTo({ stdoutBytes, stderrBytes }: KeptOutput): void {
    for (const [channel, from] of [
      [CHANNEL_OUT, stdoutBytes],
      [CHANNEL_ERR, stderrBytes],
    ] as const) {
      this.#windowOf(channel).skipTo(from);
      this.#grant(channel);
    }
  }

  takeData({ channel, offset, bytes }: Data): void {
    const fresh = this.#windowOf(channel).take(offset, bytes);
    if (fresh !== null) this.#queue.push({ channel, ...fresh });
  }

  takeEof({ channel, offset }: Eof): void {
    this.#windowOf(channel).takeEnd(offset);
  }

  /** Nothing more will come; both outputs must have ended at these lengths. */
  finish(stdoutLength: number, stderrLength: number): void {
    const isWhole =
      this.#windowOf(CHANNEL_OUT).end === stdoutLength && this.#windowOf(CHANNEL_ERR).end === stderrLength;
    if (!isWhole) throw new ProtocolViolation('a command ended before its output');
    this.#queue.finish();
  }

  /** Nothing more will come, for this reason. */
  fail(error: unknown): void {
    this.#port = null;
    this.#queue.fail(error);
  }

  acknowledge(stream: OutputStream, offset: number): void {
    const channel = stream === 'stdout' ? CHANNEL_OUT : CHANNEL_ERR;
    this.#windowOf(channel).acknowledge(offset);
    this.#grant(channel);
  }

  /** All that has been read is safe. */
  acknowledgeAll(): void {
    for (const [channel, window] of this.#windows) {
      window.acknowledge(window.received);
      this.#grant(channel);
    }
  }

  #grant(channel: number): void {
    const due = this.#windowOf(channel).due();
    if (due !== null) this.#port?.sendWindow({ channel, ...due });
  }

  #windowOf(channel: number): ReceiveWindow {
    const window = this.#windows.get(channel);
    if (window === undefined) throw new ProtocolViolation('a command has no such channel');
    return window;
  }
}

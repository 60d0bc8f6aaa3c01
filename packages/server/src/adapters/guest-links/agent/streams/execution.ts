/**
 * A command in the guest, over as many sessions as it takes.
 *
 * In each session: OPEN (to start it, later only to attach), RESULT, then DATA, EOF and EXIT from the acknowledged
 * offsets on; what came before already is dropped by the windows. The guest keeps the command, its output and its end
 * until it is told CLOSE with everything acknowledged, and that is only said once the holder has read the end.
 */
import type { VolaryError } from '../../../../domain/errors.ts';
import type { GuestExit, GuestProcess } from '../../../../ports/guest-link.ts';
import { FRAME_TYPES, type Frame } from '../frame.ts';
import { linkLost, refusalError, stdinClosed } from '../guest-errors.ts';
import { CHANNEL_IN, decodeData, decodeEof, decodeWindow } from '../messages/channel.ts';
import {
  decodeExecResult,
  decodeExit,
  type ExecResult,
  type Exit,
  encodeResize,
  encodeSignal,
} from '../messages/execution.ts';
import { decodeError, type GuestRefusal } from '../messages/result.ts';
import { decodeSupervisedResult } from '../messages/supervision.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import { SendChannel } from '../send-channel.ts';
import type { LinkStream, StreamPort } from '../stream-table.ts';
import { millisecondsOf } from '../units.ts';
import { ExecutionOutput, type KeptOutput } from './execution-output.ts';
import type { RunReports } from './run-reports.ts';

type CommandType = typeof FRAME_TYPES.SIGNAL | typeof FRAME_TYPES.CONTROL;

export interface ExecutionRequest {
  /** OPEN, to start the command or, `isAttachOnly`, to attach to it. */
  readonly open: (kept: KeptOutput, isAttachOnly: boolean) => Uint8Array;
  readonly isAttachOnly: boolean;
  readonly kept: KeptOutput;
  readonly hasStdin: boolean;
  readonly toError: (refusal: GuestRefusal) => VolaryError;
  /** Where it is run again and again: who hears of its runs. */
  readonly runs?: RunReports;
}

export class ExecutionStream implements LinkStream {
  readonly #request: ExecutionRequest;
  readonly #onOver: () => void;
  readonly #started = Promise.withResolvers<GuestProcess>();
  readonly #exited = Promise.withResolvers<GuestExit>();
  readonly #output: ExecutionOutput;
  readonly #stdin = new SendChannel(CHANNEL_IN, { isKept: true, afterEnd: stdinClosed });
  #port: StreamPort | null = null;
  #wasSent = false;
  #result: ExecResult | null = null;
  #isAttached = false;
  #exit: Exit | null = null;
  #hasExitedInSession = false;
  #isLeaving = false;
  #isOver = false;
  /** The last RESIZE, to be said again in each session. */
  #resize: Uint8Array | null = null;
  #signals: { readonly type: CommandType; readonly payload: Uint8Array; readonly sent: PromiseWithResolvers<void> }[] =
    [];

  /** `onOver`: it waits for no session any more. */
  constructor(request: ExecutionRequest, onOver: () => void) {
    this.#request = request;
    this.#onOver = onOver;
    this.#output = new ExecutionOutput(request.kept, () => this.#noticeEnd());
    if (!request.hasStdin) this.#stdin.fail(stdinClosed());
    // Not everybody who holds a process waits for its end.
    this.#exited.promise.catch(() => undefined);
  }

  get started(): Promise<GuestProcess> {
    return this.#started.promise;
  }

  begin(port: StreamPort, isSameAgent: boolean): void {
    const isAttachOnly = this.#request.isAttachOnly || this.#result !== null;
    if (this.#wasSent && !isAttachOnly && !isSameAgent) {
      // The agent of before may have started it; to ask this one could start it a second time.
      port.end();
      this.#fail(linkLost('the guest was restarted while a command was being started'));
      return;
    }
    this.#port = port;
    this.#isAttached = false;
    this.#hasExitedInSession = false;
    this.#wasSent = true;
    port.send(FRAME_TYPES.OPEN, this.#request.open(this.#output.acknowledged, isAttachOnly));
    this.#output.begin(port);
  }

  take({ type, payload }: Frame): void {
    switch (type) {
      case FRAME_TYPES.ERROR:
        this.#takeError(decodeError(payload));
        break;
      case FRAME_TYPES.RESULT:
        this.#takeResult(this.#request.runs === undefined ? decodeExecResult(payload) : this.#takeStart(payload));
        break;
      case FRAME_TYPES.EVENT:
        if (!this.#isAttached || this.#request.runs === undefined)
          throw new ProtocolViolation('a command has no events');
        this.#request.runs.take(payload);
        break;
      case FRAME_TYPES.WINDOW:
        this.#takeWindow(payload);
        break;
      case FRAME_TYPES.DATA:
        this.#checkTurn();
        this.#output.takeData(decodeData(payload));
        break;
      case FRAME_TYPES.EOF:
        this.#checkTurn();
        this.#output.takeEof(decodeEof(payload));
        break;
      case FRAME_TYPES.EXIT:
        this.#checkTurn();
        this.#takeExit(decodeExit(payload));
        break;
      default:
        throw new ProtocolViolation('a command got a frame that is not for it');
    }
  }

  lose(): boolean {
    this.#port = null;
    this.#isAttached = false;
    this.#hasExitedInSession = false;
    this.#output.lose();
    this.#stdin.lose();
    return true;
  }

  close(error: VolaryError): void {
    this.#fail(error);
  }

  /** Before it has started: takes the request back. What has been started by then runs on. */
  abort(reason: unknown): void {
    this.#port?.close();
    this.#fail(reason);
  }

  /** The holder lets go: after the end it has read, for good; before, the command runs on and can be attached to again. */
  leave(): void {
    if (this.#isOver || this.#isLeaving) return;
    if (this.#exit !== null && this.#output.isRead) {
      this.#isLeaving = true;
      // Otherwise the next session ends it: the guest must not keep what nobody wants.
      if (this.#hasExitedInSession) this.#farewell();
      return;
    }
    // Whatever was not read was not acknowledged, so the guest keeps it, and the end with it.
    this.#port?.close();
    this.#fail(linkLost('the command was let go'));
  }

  /** What is supervised says where its outputs go on. */
  #takeStart(payload: Buffer): ExecResult {
    const result = decodeSupervisedResult(payload);
    this.#output.skipTo({ stdoutBytes: result.stdoutFrom, stderrBytes: result.stderrFrom });
    return result;
  }

  /** To be sent now, or at the beginning of the next session. */
  control(payload: Uint8Array): Promise<void> {
    return this.#command(FRAME_TYPES.CONTROL, payload);
  }

  #takeError(refusal: GuestRefusal): void {
    this.#port?.end();
    if (this.#result === null) this.#fail(this.#request.toError(refusal));
    else if (this.#isLeaving) this.#finish();
    else this.#fail(linkLost('the guest does not know the command any more', refusalError(refusal)));
  }

  #takeResult(result: ExecResult): void {
    const port = this.#port;
    if (port === null || this.#isAttached) throw new ProtocolViolation('a command was started twice');
    this.#isAttached = true;
    if (this.#result === null) {
      this.#result = result;
      if (result.isAttached && this.#request.runs === undefined) this.#output.allowJump();
      this.#started.resolve(this.#describe(result));
    }
    this.#stdin.begin(port, result.stdinReceived);
    if (this.#resize !== null) port.send(FRAME_TYPES.RESIZE, this.#resize);
    for (const { type, payload, sent } of this.#signals.splice(0)) {
      port.send(type, payload);
      sent.resolve();
    }
  }

  /** Output comes between RESULT and EXIT. */
  #checkTurn(): void {
    if (!this.#isAttached || this.#hasExitedInSession) throw new ProtocolViolation('a command speaks out of its turn');
  }

  #takeWindow(payload: Buffer): void {
    const window = decodeWindow(payload);
    if (window.channel !== CHANNEL_IN || !this.#isAttached) {
      throw new ProtocolViolation('a WINDOW is for no channel of a command');
    }
    this.#stdin.takeWindow(window);
  }

  #takeExit(exit: Exit): void {
    this.#output.finish(exit.stdoutLength, exit.stderrLength);
    this.#hasExitedInSession = true;
    this.#exit ??= exit;
    this.#stdin.fail(stdinClosed());
    // There is nobody left to send them to.
    for (const { sent } of this.#signals.splice(0)) sent.resolve();
    this.#noticeEnd();
    if (this.#isLeaving) this.#farewell();
  }

  #noticeEnd(): void {
    if (this.#exit !== null && this.#output.isRead) this.#exited.resolve(exitOf(this.#exit));
  }

  /** Everything was read: the guest may forget the command. */
  #farewell(): void {
    this.#output.acknowledgeAll();
    this.#port?.close();
    this.#finish();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#started.reject(error);
    this.#output.fail(error);
    this.#stdin.fail(error);
    this.#exited.reject(error);
    for (const { sent } of this.#signals.splice(0)) sent.reject(error);
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#port = null;
    this.#isAttached = false;
    this.#onOver();
  }

  #describe({ pid, isAttached, startedAtNs, stdinReceived }: ExecResult): GuestProcess {
    return {
      pid,
      isAttached,
      startedAtMs: millisecondsOf(startedAtNs),
      stdinReceivedBytes: stdinReceived,
      output: this.#output.chunks,
      acknowledge: (stream, offset) => this.#output.acknowledge(stream, offset),
      writeStdin: (bytes) => this.#stdin.write(bytes),
      closeStdin: () => this.#closeStdin(),
      signal: (number) => this.#command(FRAME_TYPES.SIGNAL, encodeSignal(number)),
      resize: async (size) => {
        this.#resize = encodeResize(size);
        if (this.#isAttached) this.#port?.send(FRAME_TYPES.RESIZE, this.#resize);
      },
      exit: this.#exited.promise,
      [Symbol.asyncDispose]: async () => this.leave(),
    };
  }

  async #closeStdin(): Promise<void> {
    try {
      await this.#stdin.finish();
    } catch (error) {
      // A command that has ended, or that never had an input, has none to close.
      if (this.#exit === null && this.#request.hasStdin) throw error;
    }
  }

  async #command(type: CommandType, payload: Uint8Array): Promise<void> {
    if (this.#exit !== null || this.#isOver) return;
    if (this.#isAttached) return this.#port?.send(type, payload);
    const sent = Promise.withResolvers<void>();
    this.#signals.push({ type, payload, sent });
    await sent.promise;
  }
}

function exitOf({ exitCode, signal, reason, stdoutLength, stderrLength, durationNs }: Exit): GuestExit {
  return {
    exitCode: signal === 0 ? exitCode : null,
    signal: signal === 0 ? null : signal,
    timedOut: reason === 1,
    stdoutBytes: stdoutLength,
    stderrBytes: stderrLength,
    durationMs: millisecondsOf(durationNs),
  };
}

/** What goes on over the stream of a supervised execution (PROTOCOL.md, EXEC). */
import { ProtocolViolation } from '../protocol-violation.ts';
import { readWhole } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import type { ExecResult } from './execution.ts';

export const RESTARTS = { never: 0, 'on-failure': 1, always: 2 } as const;
export const CONTROLS = { end: 1, 'run-again': 2 } as const;
const RUN_STATES = ['running', 'waiting', 'ended'] as const;

/** What goes behind the request of EXEC. */
export interface RestartPolicy {
  /** Of `RESTARTS`. */
  readonly restart: number;
  readonly delayMs: number;
  readonly longestDelayMs: number;
  readonly steadyMs: number;
}

export interface SupervisedResult extends ExecResult {
  /** Where the outputs go on. */
  readonly stdoutFrom: number;
  readonly stderrFrom: number;
}

export interface RunEvent {
  readonly state: (typeof RUN_STATES)[number];
  readonly runs: number;
  /** 0: not running. */
  readonly pid: number;
  readonly startedAtNs: bigint;
  /** -1 when a signal ended it. */
  readonly lastExitCode: number;
  readonly lastSignal: number;
  /** 0: none has ended. */
  readonly lastExitAtNs: bigint;
  readonly nextInNs: bigint;
  readonly stdoutStart: number;
  readonly stderrStart: number;
}

export function encodePolicy({ restart, delayMs, longestDelayMs, steadyMs }: RestartPolicy): Buffer {
  return new WireWriter(13).u8(restart).u32(delayMs).u32(longestDelayMs).u32(steadyMs).finish();
}

export function decodeSupervisedResult(payload: Buffer): SupervisedResult {
  return readWhole(payload, (reader) => ({
    pid: reader.u32(),
    isAttached: reader.u8() !== 0,
    stdinReceived: reader.u64(),
    startedAtNs: reader.bigU64(),
    stdoutFrom: reader.u64(),
    stderrFrom: reader.u64(),
  }));
}

export function decodeRunEvent(payload: Buffer): RunEvent {
  return readWhole(payload, (reader) => {
    const state = RUN_STATES[reader.u8() - 1];
    if (state === undefined) throw new ProtocolViolation('a run is in an unknown state');
    return {
      state,
      runs: reader.u32(),
      pid: reader.u32(),
      startedAtNs: reader.bigU64(),
      lastExitCode: reader.i32(),
      lastSignal: reader.u32(),
      lastExitAtNs: reader.bigU64(),
      nextInNs: reader.bigU64(),
      stdoutStart: reader.u64(),
      stderrStart: reader.u64(),
    };
  });
}

/** `what`: of `CONTROLS`. */
export function encodeControl(what: number, graceMs: number): Buffer {
  return new WireWriter(5).u8(what).u32(graceMs).finish();
}

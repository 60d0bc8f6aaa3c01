import { readWhole } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import { KINDS } from './kinds.ts';

/** Bits of an EXEC request. */
export const EXEC_FLAGS = { TTY: 1, STDIN: 2, ATTACH_ONLY: 4, SUPERVISED: 8 } as const;

export interface OpenExec {
  /** 16 bytes. */
  readonly executionId: Uint8Array;
  /** Of `EXEC_FLAGS`. */
  readonly flags: number;
  /** 0: none. */
  readonly timeoutMs: number;
  readonly user: string;
  readonly cwd: string;
  readonly argv: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly rows: number;
  readonly columns: number;
  readonly stdoutAcknowledged: bigint;
  readonly stderrAcknowledged: bigint;
}

export interface ExecResult {
  readonly pid: number;
  /** The guest knew the id already. */
  readonly isAttached: boolean;
  readonly stdinReceived: number;
  readonly startedAtNs: bigint;
}

export interface Exit {
  /** -1 when a signal ended it. */
  readonly exitCode: number;
  /** 0 when it exited by itself. */
  readonly signal: number;
  /** 0: by itself, 1: time-out. */
  readonly reason: number;
  readonly stdoutLength: number;
  readonly stderrLength: number;
  readonly durationNs: bigint;
}

export function encodeOpenExec(request: OpenExec): Buffer {
  return new WireWriter(256)
    .u8(KINDS.EXEC)
    .raw(request.executionId)
    .u8(request.flags)
    .u32(request.timeoutMs)
    .text(request.user)
    .text(request.cwd)
    .texts(request.argv)
    .texts(request.env)
    .u16(request.rows)
    .u16(request.columns)
    .bigU64(request.stdoutAcknowledged)
    .bigU64(request.stderrAcknowledged)
    .finish();
}

export function decodeExecResult(payload: Buffer): ExecResult {
  return readWhole(payload, (reader) => ({
    pid: reader.u32(),
    isAttached: reader.u8() !== 0,
    stdinReceived: reader.u64(),
    startedAtNs: reader.bigU64(),
  }));
}

export function decodeExit(payload: Buffer): Exit {
  return readWhole(payload, (reader) => ({
    exitCode: reader.i32(),
    signal: reader.u32(),
    reason: reader.u8(),
    stdoutLength: reader.u64(),
    stderrLength: reader.u64(),
    durationNs: reader.bigU64(),
  }));
}

export function encodeSignal(signalNumber: number): Buffer {
  return new WireWriter(4).u32(signalNumber).finish();
}

export function encodeResize({ rows, columns }: { readonly rows: number; readonly columns: number }): Buffer {
  return new WireWriter(4).u16(rows).u16(columns).finish();
}

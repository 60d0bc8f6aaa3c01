/** What concerns the guest as a machine: who it is, its end, its file systems' rest. */
import type { GuestTool } from '../../../../ports/guest-link.ts';
import { readWhole } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import { KINDS } from './kinds.ts';

/** How a SHUTDOWN ends. */
export const SHUTDOWN_HOW = { 'power-off': 1, reboot: 2 } as const;

export interface OpenIdentify {
  readonly hostname: string;
  /** 16 bytes. */
  readonly machineId: Uint8Array;
  readonly wallClockNs: bigint;
  /** `mac=…`, `ip=…`, `gateway=…`, `dns=…`. */
  readonly network: readonly string[];
  /** 32 bytes. */
  readonly entropy: Uint8Array;
}

export function encodeOpenIdentify({ hostname, machineId, wallClockNs, network, entropy }: OpenIdentify): Buffer {
  return new WireWriter(256)
    .u8(KINDS.IDENTIFY)
    .text(hostname)
    .raw(machineId)
    .bigU64(wallClockNs)
    .texts(network)
    .raw(entropy)
    .finish();
}

/** The clock as it is set now, nanoseconds since 1970. */
export function decodeIdentifyResult(payload: Buffer): bigint {
  return readWhole(payload, (reader) => reader.bigU64());
}

export function encodeOpenShutdown(how: keyof typeof SHUTDOWN_HOW, graceMs: number): Buffer {
  return new WireWriter(6).u8(KINDS.SHUTDOWN).u8(SHUTDOWN_HOW[how]).u32(graceMs).finish();
}

export function encodeOpenFreeze(): Buffer {
  return new WireWriter(1).u8(KINDS.FREEZE).finish();
}

export function encodeOpenThaw(): Buffer {
  return new WireWriter(1).u8(KINDS.THAW).finish();
}

export function encodeOpenPrepare(): Buffer {
  return new WireWriter(1).u8(KINDS.PREPARE).finish();
}

/** `place`: 1 to 255; `offset` and `length`: multiples of 512. */
export interface OpenTools {
  /** The answer comes when those that were told last are mounted; these are not looked at. */
  readonly waits: boolean;
  readonly disk: string;
  readonly tools: readonly GuestTool[];
}

export function encodeOpenTools({ waits, disk, tools }: OpenTools): Buffer {
  const writer = new WireWriter(64 + 64 * tools.length).u8(KINDS.TOOLS).flag(waits).text(disk).u32(tools.length);
  for (const { name, place, offsetBytes, sizeBytes } of tools)
    writer.text(name).u8(place).u64(offsetBytes).u64(sizeBytes);
  return writer.finish();
}

export function encodeOpenGrow(): Buffer {
  return new WireWriter(1).u8(KINDS.GROW).finish();
}

/** What the guest has in use: processors, bytes of memory, and bytes of its root's file system, 0 where it cannot tell. */
export function decodeGrowResult(payload: Buffer): {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly rootBytes: number;
} {
  return readWhole(payload, (reader) => ({
    cpus: reader.u32(),
    memoryBytes: reader.size(),
    rootBytes: reader.size(),
  }));
}

/** How many file systems were frozen or thawed. */
export function decodeFileSystemCount(payload: Buffer): number {
  return readWhole(payload, (reader) => reader.u32());
}

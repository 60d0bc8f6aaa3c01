import { readWhole, type WireReader } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';
import { KINDS } from './kinds.ts';

/** As the guest's kernel tells it; memory, disk and network in bytes. */
export interface StatsResult {
  readonly uptimeNs: bigint;
  /** Ticks of 1/100 s. */
  readonly cpuUser: number;
  readonly cpuSystem: number;
  readonly cpuIdle: number;
  readonly cpuIowait: number;
  readonly cpuSteal: number;
  readonly memoryTotal: number;
  readonly memoryFree: number;
  readonly memoryAvailable: number;
  readonly memoryCached: number;
  readonly diskTotal: number;
  readonly diskFree: number;
  readonly diskRead: number;
  readonly diskWritten: number;
  readonly netReceived: number;
  readonly netSent: number;
  readonly processes: number;
  /** Load averages times 100. */
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  /** What it was asked for besides; null where it was not. */
  readonly counts: StatsCounts | null;
}

export interface StatsCounts {
  readonly diskReads: number;
  readonly diskWrites: number;
  readonly packetsReceived: number;
  readonly packetsSent: number;
}

const WITH_COUNTS = 1;

/** An agent without the capability `counts` refuses to be asked with them. */
export function encodeOpenStats({ hasCounts }: { readonly hasCounts: boolean }): Buffer {
  const writer = new WireWriter(2).u8(KINDS.STATS);
  return hasCounts ? writer.u8(WITH_COUNTS).finish() : writer.finish();
}

/** `hasCounts` as it was asked: an answer without what was asked for, or with more, is a violation. */
export function decodeStatsResult(payload: Buffer, { hasCounts }: { readonly hasCounts: boolean }): StatsResult {
  return readWhole(payload, (reader) => ({
    uptimeNs: reader.bigU64(),
    cpuUser: reader.size(),
    cpuSystem: reader.size(),
    cpuIdle: reader.size(),
    cpuIowait: reader.size(),
    cpuSteal: reader.size(),
    memoryTotal: reader.size(),
    memoryFree: reader.size(),
    memoryAvailable: reader.size(),
    memoryCached: reader.size(),
    diskTotal: reader.size(),
    diskFree: reader.size(),
    diskRead: reader.size(),
    diskWritten: reader.size(),
    netReceived: reader.size(),
    netSent: reader.size(),
    processes: reader.u32(),
    load1: reader.u32(),
    load5: reader.u32(),
    load15: reader.u32(),
    counts: hasCounts ? readCounts(reader) : null,
  }));
}

function readCounts(reader: WireReader): StatsCounts {
  return {
    diskReads: reader.size(),
    diskWrites: reader.size(),
    packetsReceived: reader.size(),
    packetsSent: reader.size(),
  };
}

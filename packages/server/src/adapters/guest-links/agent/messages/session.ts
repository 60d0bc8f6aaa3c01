import { readWhole } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';

/** The version of the protocol that this program speaks. */
export const PROTOCOL_VERSION = 1;

export interface HelloFromHost {
  readonly lowestVersion: number;
  readonly highestVersion: number;
  /** Nanoseconds since 1970; 0 leaves the guest's clock alone. */
  readonly wallClockNs: bigint;
}

export interface HelloFromGuest {
  /** 0: none that the host speaks. */
  readonly version: number;
  readonly agentVersion: string;
  readonly uptimeNs: bigint;
  /** 16 bytes. */
  readonly bootId: Buffer;
  /** How many sessions this agent has had: it rises as long as it is the same agent. */
  readonly sessions: number;
  readonly isPid1: boolean;
  readonly capabilities: readonly string[];
}

export function encodeHello({ lowestVersion, highestVersion, wallClockNs }: HelloFromHost): Buffer {
  return new WireWriter(12).u16(lowestVersion).u16(highestVersion).bigU64(wallClockNs).finish();
}

export function decodeHello(payload: Buffer): HelloFromGuest {
  return readWhole(payload, (reader) => ({
    version: reader.u16(),
    agentVersion: reader.text(),
    uptimeNs: reader.bigU64(),
    bootId: reader.raw(16),
    sessions: reader.u32(),
    isPid1: reader.u8() !== 0,
    capabilities: reader.list(4, (item) => item.text()),
  }));
}

/** The payload of PING, and of the PONG that answers it. */
export function encodePing(token: bigint): Buffer {
  return new WireWriter(8).bigU64(token).finish();
}

export function decodePing(payload: Buffer): bigint {
  return readWhole(payload, (reader) => reader.bigU64());
}

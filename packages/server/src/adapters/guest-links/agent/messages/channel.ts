/** What goes over the channels of a stream (PROTOCOL.md, section 4). */
import { DATA_MAX_BYTES } from '../frame.ts';
import { ProtocolViolation } from '../protocol-violation.ts';
import { readWhole } from '../wire-reader.ts';
import { WireWriter } from '../wire-writer.ts';

/** To the guest: stdin, file content, TCP. */
export const CHANNEL_IN = 0;
/** From the guest: stdout, file content, TCP. */
export const CHANNEL_OUT = 1;
/** From the guest: stderr. */
export const CHANNEL_ERR = 2;

/** The most that a WINDOW may grant: `limit - acknowledged`. */
export const WINDOW_MAX_BYTES = 1024 * 1024;

export interface Data {
  readonly channel: number;
  /** Of the first byte within its channel. */
  readonly offset: number;
  readonly bytes: Buffer;
}

export interface Eof {
  readonly channel: number;
  /** The channel's length. */
  readonly offset: number;
}

export interface Window {
  readonly channel: number;
  /** The receiver has safely kept the bytes before it. */
  readonly acknowledged: number;
  /** The sender may send the bytes before it. */
  readonly limit: number;
}

/** What goes before the bytes in the payload of DATA, and all of the payload of EOF. */
export function encodePosition(channel: number, offset: number): Buffer {
  return new WireWriter(9).u8(channel).u64(offset).finish();
}

/** The bytes are a part of the payload, not a copy. */
export function decodeData(payload: Buffer): Data {
  return readWhole(payload, (reader) => {
    const data = { channel: reader.u8(), offset: reader.u64(), bytes: reader.rest() };
    if (data.bytes.length === 0 || data.bytes.length > DATA_MAX_BYTES) {
      throw new ProtocolViolation('DATA carries too little or too much');
    }
    return data;
  });
}

export function decodeEof(payload: Buffer): Eof {
  return readWhole(payload, (reader) => ({ channel: reader.u8(), offset: reader.u64() }));
}

export function encodeWindow({ channel, acknowledged, limit }: Window): Buffer {
  return new WireWriter(17).u8(channel).u64(acknowledged).u64(limit).finish();
}

export function decodeWindow(payload: Buffer): Window {
  return readWhole(payload, (reader) => ({ channel: reader.u8(), acknowledged: reader.u64(), limit: reader.u64() }));
}

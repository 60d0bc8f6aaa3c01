import { WireWriter } from '../wire-writer.ts';
import { KINDS } from './kinds.ts';

/** `host`: a name or an address; empty is the guest itself. */
export function encodeOpenTcp(host: string, port: number): Buffer {
  return new WireWriter().u8(KINDS.TCP).text(host).u16(port).finish();
}

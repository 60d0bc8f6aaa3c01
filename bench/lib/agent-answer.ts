import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import {
  encodeFrame,
  FRAME_HEADER_BYTES,
  FRAME_TYPES,
} from '../../packages/server/src/adapters/guest-links/agent/frame.ts';
import {
  EchoFinder,
  encodeSync,
  LINK_KEY_BYTES,
  NONCE_BYTES,
  tagOf,
} from '../../packages/server/src/adapters/guest-links/agent/handshake.ts';

const HELLO_BYTES = 12;

/**
 * Begins a session with the agent of a restored guest (guest/agent/PROTOCOL.md, 1 and 3), and returns when its HELLO is there. One SYNC is
 * enough: it waits in the socket until the guest goes on. `linkKeyPath` null: the agent listens to whoever comes first.
 */
export async function awaitAnswer(socket: Socket, linkKeyPath: string | null): Promise<void> {
  const linkKey = linkKeyPath === null ? randomBytes(LINK_KEY_BYTES) : readFileSync(linkKeyPath);
  const nonce = randomBytes(NONCE_BYTES);
  const echoes = new EchoFinder();
  let frames: Buffer | null = null;
  socket.write(encodeSync(linkKey, nonce));
  for await (const chunk of chunksOf(socket)) {
    if (frames !== null) frames = Buffer.concat([frames, chunk]);
    const echo =
      frames === null ? echoes.push(chunk).find((found) => found.nonce === nonce.toString('hex')) : undefined;
    if (echo !== undefined) {
      frames = chunk.subarray(echo.end);
      for (const bytes of encodeFrame(FRAME_TYPES.HELLO, tagOf(nonce), 0, hello())) socket.write(bytes);
    }
    if (frames !== null && isHello(frames)) return;
  }
  throw new Error('the guest ended before its agent had answered');
}

/** Version 1, and the time. */
function hello(): Buffer {
  const payload = Buffer.alloc(HELLO_BYTES);
  payload.writeUInt16LE(1, 0);
  payload.writeUInt16LE(1, 2);
  payload.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 4);
  return payload;
}

function isHello(frames: Buffer): boolean {
  if (frames.length < FRAME_HEADER_BYTES) return false;
  if (frames.readUInt8(4) !== FRAME_TYPES.HELLO) throw new Error('the agent said something else than HELLO');
  return frames.length >= FRAME_HEADER_BYTES + frames.readUInt32LE(0);
}

async function* chunksOf(socket: Socket): AsyncIterable<Buffer> {
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) if (Buffer.isBuffer(chunk)) yield chunk;
}

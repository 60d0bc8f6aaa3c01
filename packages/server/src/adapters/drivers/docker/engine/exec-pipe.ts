import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const HEADER_BYTES = 8;
const STDOUT = 1;

/**
 * The byte pipe to a program that the engine runs in a container: what is written is its input, what is read its output. The engine
 * sends output in frames of a header (which stream, three zeros, length) and bytes; of other streams there is nothing to be read.
 */
export function execPipe(socket: Socket): Duplex {
  let rest: Buffer = Buffer.alloc(0);
  /** Of the frame that is being read. */
  let bytesLeft = 0;
  let isOutput = false;

  const pipe = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Uint8Array, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });

  function take(): void {
    for (;;) {
      if (bytesLeft > 0) {
        const part = rest.subarray(0, bytesLeft);
        if (part.length === 0) return;
        rest = rest.subarray(part.length);
        bytesLeft -= part.length;
        if (isOutput && !pipe.push(part)) socket.pause();
        continue;
      }
      if (rest.length < HEADER_BYTES) return;
      isOutput = rest[0] === STDOUT;
      bytesLeft = rest.readUInt32BE(4);
      rest = rest.subarray(HEADER_BYTES);
    }
  }

  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    take();
  });
  socket.on('end', () => pipe.push(null));
  socket.on('error', (error) => pipe.destroy(error));
  socket.on('close', () => pipe.destroy());
  return pipe;
}

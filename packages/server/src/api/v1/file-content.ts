import { BYTES_TYPE, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import { mount } from '../mount.ts';
import { sendStream } from '../realtime/send-stream.ts';
import type { V1Context } from './context.ts';
import { clampTime, toOctal } from './dto/file-dto.ts';
import { requestBytes } from './request-bytes.ts';

/** The content of files in guests, out and in. The app takes bodies of any type as streams. */
export function mountFileContent(app: FastifyInstance, { engine: { files }, signals, limits, log }: V1Context): void {
  mount(app, routes.readFile, async (request, reply) => {
    const { params, query, principal } = request;
    const file = await files.read(principal, params.ref, query.path, { signal: signals.of(reply) });
    // A size of 0 is what /proc and /sys say of files that are not empty: then nothing is promised.
    const isSizeKnown = file.sizeBytes > 0;
    await sendStream(reply, isSizeKnown ? exactly(file.sizeBytes, file.content) : file.content, {
      contentType: BYTES_TYPE,
      log,
      headers: {
        ...(isSizeKnown ? { 'content-length': String(file.sizeBytes) } : {}),
        'x-file-mode': toOctal(file.mode),
        'last-modified': new Date(clampTime(file.modifiedAtMs)).toUTCString(),
      },
    });
    return reply;
  });

  mount(app, routes.writeFile, async (request, reply) => {
    const { path, mode, parents = false } = request.query;
    const options = {
      signal: signals.of(reply),
      makeParents: parents,
      ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
    };
    const sizeBytes = await files.write(
      request.principal,
      request.params.ref,
      path,
      requestBytes(request.body, limits),
      options,
    );
    return { path, size_bytes: sizeBytes };
  });
}

/**
 * As many bytes as were promised by Content-Length. A file that grows meanwhile is cut there, since more would be read as the
 * next answer; one that shrinks fails, and the connection with it.
 */
async function* exactly(sizeBytes: number, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = sizeBytes;
  for await (const chunk of content) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
  throw new VolaryError('aborted', 'The file became shorter while it was read.', { reason: 'guest.file_shrank' });
}

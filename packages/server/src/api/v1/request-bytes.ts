import { Readable } from 'node:stream';

/**
 * The raw body, read as fast as its reader takes it. A reader that stops early leaves the connection whole, so that the answer
 * that says why still gets through. No body is an empty one.
 */
export async function* requestBytes(body: unknown): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Readable)) return;
  const chunks: AsyncIterable<Uint8Array> = body.iterator({ destroyOnReturn: false });
  yield* chunks;
}

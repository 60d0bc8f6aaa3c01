import type { JsonObject } from '@volary/contract';

/** A document that is always the same, as it is sent: written when it is asked for first, and kept. */
export function documentBytes(describe: () => JsonObject): () => Buffer {
  let bytes: Buffer | null = null;
  return () => {
    bytes ??= Buffer.from(JSON.stringify(describe()));
    return bytes;
  };
}

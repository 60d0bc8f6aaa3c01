import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { request as requestHttp } from '../../lib/node-http.ts';
import { answerWith } from '../shared/resolve-target.ts';

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Its beginning. */
  readonly body: Uint8Array;
}

/** More of an answer is not read, bytes. */
const RESPONSE_BYTES = 4096;

/**
 * Sends a POST to one of these addresses, by a connection of its own, and resolves with the status and the beginning of the
 * answer's body. Rejects when there is no answer; the signal ends it.
 */
export function post(
  url: URL,
  addresses: readonly string[],
  {
    headers,
    body,
    signal,
  }: { readonly headers: Readonly<Record<string, string>>; readonly body: string; readonly signal: AbortSignal },
): Promise<Answer> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      // A name is not looked up again: it could have another address by now.
      lookup: answerWith(addresses),
      agent: false,
      maxHeaderSize: 16_384,
      signal,
    });
    let isAnswered = false;
    const giveUp = (error: Error): void => {
      if (!isAnswered) reject(error);
    };
    request.on('error', giveUp);
    // Also where Node.js says nothing else of it: when the other side wants to go on with another protocol, say.
    request.on('close', () => giveUp(new Error('the connection was closed without an answer')));
    request.on('response', (response) => {
      isAnswered = true;
      readBeginning(response).then((read) => {
        request.destroy();
        const { statusCode: status = 0, headers: answered } = response;
        resolve({ status, retryAfter: answered['retry-after'] ?? null, body: read });
      }, reject);
    });
    request.end(body);
  });
}

/** What has come of the body when it is long enough, has ended, or is broken off: its status is known already. */
async function readBeginning(response: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) break;
      chunks.push(chunk);
      length += chunk.length;
      if (length >= RESPONSE_BYTES) break;
    }
  } catch {
    // The answer was given by its status; its body is only kept for people to read.
  }
  return Buffer.concat(chunks).subarray(0, RESPONSE_BYTES);
}

import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import type { SetSecretRequest } from '@volary/contract';
import { openQuestions } from '../ask.ts';
import type { Context } from '../context.ts';
import { locally } from '../cp/local-file.ts';
import { usageError } from '../errors.ts';

export interface ValueOptions {
  readonly file?: string;
  readonly raw?: boolean;
}

/**
 * The value of a secret, in the wire's words: from a file, from what is piped in, or asked for. Never from the command line, which others on
 * this machine can see. A newline at the end is left out of what is piped in, unless it is to be raw.
 */
export async function readValue(
  context: Context,
  name: string,
  { file, raw }: ValueOptions,
): Promise<Pick<SetSecretRequest, 'value' | 'encoding'>> {
  if (file !== undefined) return toRequest(await locally(file, 'read', () => readFile(file)));
  if (context.stdin.isTTY) {
    using questions = openQuestions(context);
    return toRequest(Buffer.from(await questions.askSecret(`Value of ${name}: `)));
  }
  const parts: Uint8Array[] = [];
  for await (const part of context.stdin) parts.push(typeof part === 'string' ? Buffer.from(part) : part);
  const piped = Buffer.concat(parts);
  return toRequest(raw === true ? piped : withoutNewline(piped));
}

/** Bytes that are no text go in base64. */
export function toRequest(bytes: Buffer): Pick<SetSecretRequest, 'value' | 'encoding'> {
  if (bytes.length === 0)
    throw usageError('There is no value: a secret has at least one byte.', 'pipe it in, or name a file: --file');
  if (isUtf8(bytes) && !bytes.includes(0)) return { value: bytes.toString('utf8') };
  return { value: bytes.toString('base64'), encoding: 'base64' };
}

/** As `echo` and most files end; also a Windows one. */
export function withoutNewline(bytes: Buffer): Buffer {
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  return bytes.subarray(0, end < bytes.length && bytes.at(end - 1) === 0x0d ? end - 1 : end);
}

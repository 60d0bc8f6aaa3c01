/**
 * The Docker Engine's HTTP interface over its unix socket, as much of it as the driver needs: https://docs.docker.com/reference/api/engine/
 * Written against version 1.41 (Docker 20.10, 2020); a newer engine that still speaks it is spoken to so, one that does not by the
 * oldest that it does.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { VolaryError } from '../../../../domain/errors.ts';
import { request as httpRequest } from '../../../../lib/node-http.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { engineRefused, unreachable } from '../errors.ts';
import { createDoubt, endSilence } from './silence.ts';

export interface EngineRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the version, with its query. */
  readonly path: string;
  readonly json?: unknown;
  /** A tar archive. */
  readonly archive?: AsyncIterable<Uint8Array>;
  /** Statuses besides the successful ones that are answers. */
  readonly expected?: readonly number[];
  /** It goes on for as long as there is something to be said, and says nothing meanwhile. */
  readonly isFollowed?: boolean;
  /** For how long it may say nothing over it, milliseconds; absent: as long as over anything. */
  readonly patienceMs?: number;
}

export interface EngineAnswer {
  readonly status: number;
  /** What its JSON says; null without a body. */
  readonly body: unknown;
}

export interface EngineClient {
  /** Throws `unavailable` driver.engine_unreachable, driver.engine_refused, `resource_exhausted` driver.disk_full. */
  call(request: EngineRequest, options: Abortable): Promise<EngineAnswer>;
  /** The answer's bytes as they come; to be read or destroyed. Throws likewise; null for a status that was expected. */
  stream(request: EngineRequest, options: Abortable): Promise<IncomingMessage | null>;
  /** A connection that is both sides' from then on. Throws likewise. */
  upgrade(path: string, json: unknown, options: Abortable): Promise<Socket>;
  /** The engine's version as people know it. Throws `unavailable` driver.engine_unreachable, with why in its words. */
  version(options: Abortable): Promise<string>;
}

const API = { wanted: '1.41' } as const;
/**
 * How long it may say nothing: over a question, over what it is, and over a look whether it answers again; for how long what that look found
 * is taken for true. Milliseconds.
 */
const PATIENCE = { answerMs: 60_000, versionMs: 10_000, pingMs: 2_000, rememberedMs: 5_000 } as const;
type Patience = Readonly<Record<keyof typeof PATIENCE, number>>;
const LONGEST_ANSWER_BYTES = 16 * 1024 ** 2;
const LONGEST_WORDS = 2_000;

export function createEngineClient(socketPath: string, patience: Patience = PATIENCE): EngineClient {
  let spoken: Promise<string> | null = null;
  const ping = () => readVersion(sendAtOnce, { signal: NEVER }, patience.pingMs);
  const doubt = createDoubt(ping, patience.rememberedMs);

  async function send(path: string, request: Omit<EngineRequest, 'path'>, options: Abortable) {
    await doubt.settle();
    return await sendAtOnce(path, request, options);
  }

  async function sendAtOnce(path: string, request: Omit<EngineRequest, 'path'>, { signal }: Abortable) {
    signal.throwIfAborted();
    const { method, json, archive, patienceMs = patience.answerMs } = request;
    const text = json === undefined ? null : JSON.stringify(json);
    const headers = {
      host: 'docker',
      ...(text === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      ...(archive === undefined ? {} : { 'content-type': 'application/x-tar' }),
    };
    const sent = httpRequest({ socketPath, path, method, headers, agent: false, signal });
    const answered = answerOf(sent, signal);
    endSilence(sent, patienceMs, doubt.raise);
    if (archive === undefined) sent.end(text ?? '');
    // A refusal that comes before all is sent is the answer; else the answer tells what went wrong.
    else await Promise.race([pipeline(archive, sent, { signal }), answered]).catch(rethrow(signal, answered));
    return await answered;
  }

  /** Asked once; again after a failure. */
  async function apiVersion(): Promise<string> {
    spoken ??= negotiate(send, patience.versionMs);
    return await spoken.catch((error: unknown) => {
      spoken = null;
      throw error;
    });
  }

  async function stream(request: EngineRequest, options: Abortable): Promise<IncomingMessage | null> {
    const answer = await send(`/v${await apiVersion()}${request.path}`, request, options);
    const status = answer.statusCode ?? 0;
    if (status < 300) {
      if (request.isFollowed === true) answer.setTimeout(0);
      return answer;
    }
    const words = await textOf(answer, options);
    if (request.expected?.includes(status) === true) return null;
    throw engineRefused(status, wordsOf(words));
  }

  return {
    stream,
    async call(request, options) {
      const answer = await send(`/v${await apiVersion()}${request.path}`, request, options);
      const status = answer.statusCode ?? 0;
      const text = await textOf(answer, options);
      if (status >= 300 && request.expected?.includes(status) !== true) throw engineRefused(status, wordsOf(text));
      return { status, body: parseJson(text) };
    },
    async upgrade(path, json, { signal }) {
      const text = JSON.stringify(json);
      const headers = { host: 'docker', connection: 'Upgrade', upgrade: 'tcp', 'content-type': 'application/json' };
      const target = `/v${await apiVersion()}${path}`;
      await doubt.settle();
      signal.throwIfAborted();
      const sent = httpRequest({ socketPath, path: target, method: 'POST', headers, agent: false, signal });
      sent.setHeader('content-length', Buffer.byteLength(text));
      const upgraded = Promise.withResolvers<Socket>();
      sent.once('upgrade', (_answer, socket: Socket, head: Buffer) => {
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        upgraded.resolve(socket);
      });
      const refused = answerOf(sent, signal).then(async (answer) => {
        throw engineRefused(answer.statusCode ?? 0, wordsOf(await textOf(answer, { signal })));
      });
      endSilence(sent, patience.answerMs, doubt.raise);
      sent.end(text);
      return await Promise.race([upgraded.promise, refused]);
    },
    async version(options) {
      const { body } = await readVersion(send, options, patience.versionMs);
      return body.Version;
    },
  };
}

type Send = (path: string, request: Omit<EngineRequest, 'path'>, options: Abortable) => Promise<IncomingMessage>;

async function negotiate(send: Send, patienceMs: number): Promise<string> {
  const { body } = await readVersion(send, { signal: NEVER }, patienceMs);
  if (isOlder(body.ApiVersion, API.wanted)) throw tooOld(body.Version);
  return isOlder(API.wanted, body.MinAPIVersion) ? body.MinAPIVersion : API.wanted;
}

async function readVersion(send: Send, options: Abortable, patienceMs: number) {
  const answer = await send('/version', { method: 'GET', patienceMs }, options);
  const body: unknown = parseJson(await textOf(answer, options));
  if (answer.statusCode !== 200 || !isVersion(body)) throw unreachable('What listens at its socket is none.', null);
  return { body };
}

interface Version {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly MinAPIVersion: string;
}

function isVersion(value: unknown): value is Version {
  if (typeof value !== 'object' || value === null) return false;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return ['Version', 'ApiVersion', 'MinAPIVersion'].every((name) => typeof fields[name] === 'string');
}

function isOlder(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}

function tooOld(version: string): Error {
  return unreachable(`Version ${version} is too old; 20.10 or later is needed.`, null);
}

function answerOf(sent: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', (error) => {
      if (signal.aborted) reject(signal.reason);
      else reject(lost(error));
    });
  });
}

/** What became of a connection, by what Node says of it. */
export function lost(error: unknown): VolaryError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return unreachable(WHY[code] ?? 'It ended the connection.', error);
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'There is no socket of it: it is not installed, or does not run.',
  ECONNREFUSED: 'Nobody listens at its socket: it does not run.',
  EACCES: 'This user may not use its socket: as a rule the members of the group docker may.',
  ETIMEDOUT: 'It does not answer.',
};

const NEVER = new AbortController().signal;

/** While an archive is sent: whatever broke off, the answer says why, if there is one. */
function rethrow(signal: AbortSignal, answered: Promise<IncomingMessage>) {
  return async (error: unknown): Promise<void> => {
    signal.throwIfAborted();
    if (error instanceof Error && 'reason' in error) throw error;
    await answered;
  };
}

async function textOf(answer: IncomingMessage, { signal }: Abortable): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of answer) {
      length += chunk.length;
      if (length > LONGEST_ANSWER_BYTES) break;
      chunks.push(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw lost(error);
  }
  if (length > LONGEST_ANSWER_BYTES) throw unreachable('Its answer is too long.', null);
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  if (text === '') return null;
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // Some answers are a line for each step; whoever calls for those does not look at them.
    return text;
  }
}

function wordsOf(text: string): string {
  const value = parseJson(text);
  const said = typeof value === 'object' && value !== null && 'message' in value ? value.message : text;
  return String(said).slice(0, LONGEST_WORDS);
}

/**
 * The QEMU guest agent, where a guest brings it: not ours, and none of whose words is believed further than its shape. It speaks JSON, a line each way,
 * over a port of its own, and has no sessions: what it still had to say to somebody else comes first, and is skipped up to a number of our own.
 * What is written before it runs waits in the socket, so that being answered is all that there is to wait for.
 */
import { randomInt } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { either, flag, integer, nothing, optional, record, type Shape, text } from '../../../../lib/shape.ts';
import type { Log } from '../../../../ports/log.ts';
import { connectSocket } from '../../../shared/connect-socket.ts';
import { sleep } from '../../../shared/sleep.ts';
import { createLineReader } from '../qmp/line-reader.ts';
import { INSTALL_AGENT } from './install-agent.ts';

const LINE_BYTES = 256 * 1024;
const POLL_MS = 500;

const REFUSED = record({ error: record({ class: text, desc: text }) });
const SYNCHRONISED = record({ return: integer(0) });
const STARTED = record({ return: record({ pid: integer(0) }) });
const STATUS = record({
  return: record({
    exited: flag,
    exitcode: optional(either(nothing, integer())),
    'err-data': optional(text),
  }),
});

interface InstallOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Has the guest install our agent by it, whenever it answers, until disposed of: then somebody else has installed it, or nobody is to any more. */
export function beginInstalling(socketPath: string, { log, signal }: InstallOptions): AsyncDisposable {
  const end = new AbortController();
  const installing = install(socketPath, { log, signal: AbortSignal.any([signal, end.signal]) });
  return {
    async [Symbol.asyncDispose]() {
      end.abort();
      await installing;
    },
  };
}

/** Never rejects: a guest has no such agent, or forbids it this, and that is all. */
async function install(socketPath: string, { log, signal }: InstallOptions): Promise<void> {
  try {
    await using agent = await openSystemAgent(socketPath, signal);
    const command = { path: '/bin/sh', arg: ['-c', INSTALL_AGENT], 'capture-output': true };
    const { pid } = (await agent.ask('guest-exec', command, STARTED)).return;
    for (;;) {
      await sleep(POLL_MS, signal);
      const { exited, exitcode, 'err-data': words } = (await agent.ask('guest-exec-status', { pid }, STATUS)).return;
      if (!exited) continue;
      const said = words === undefined ? '' : Buffer.from(words, 'base64').toString('utf8').slice(-1_000);
      log.info('our agent was installed by the one of the guest', { exitCode: exitcode ?? null, said });
      return;
    }
  } catch (error) {
    if (!signal.aborted) log.warn('our agent could not be installed by the one of the guest', { error });
  }
}

/** Asks it to end the guest; whether it has heard that nobody is told. Throws what the socket does, or the signal's reason. */
export async function shutDownBySystemAgent(socketPath: string, signal: AbortSignal): Promise<void> {
  await using agent = await openSystemAgent(socketPath, signal);
  await agent.tell('guest-shutdown', { mode: 'powerdown' });
}

interface SystemAgent extends AsyncDisposable {
  /** Throws where the answer is a refusal, or has another shape. */
  ask<T>(command: string, options: object, shape: Shape<T>): Promise<T>;
  tell(command: string, options: object): Promise<void>;
}

/** Waits until it answers, however long that takes. */
async function openSystemAgent(socketPath: string, signal: AbortSignal): Promise<SystemAgent> {
  signal.throwIfAborted();
  const socket = await connectSocket(socketPath);
  let isLeft = false;
  const stop = (): void => {
    isLeft = true;
    socket.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  // It may have been aborted while it was connected to.
  if (signal.aborted) stop();
  const lines = linesOf(socket, () => isLeft);
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', stop);
    stop();
    await lines.return(undefined);
  };
  const tell = async (command: string, options: object): Promise<void> => {
    const written = Promise.withResolvers<void>();
    const line = `${JSON.stringify({ execute: command, arguments: options })}\n`;
    socket.write(line, (error) => (error == null ? written.resolve() : written.reject(error)));
    await written.promise;
  };
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done !== true) return value;
    signal.throwIfAborted();
    throw new Error('the agent of the guest is gone');
  };
  const ask = async <T>(command: string, options: object, shape: Shape<T>): Promise<T> => {
    await tell(command, options);
    const answer = await next();
    if (shape(answer)) return answer;
    throw new Error(REFUSED(answer) ? `${answer.error.class}: ${answer.error.desc}` : `no answer to ${command}`);
  };
  try {
    // Ends what somebody before had begun to say; it may be answered by an error.
    socket.write(Buffer.from([0xff]));
    await synchronise(tell, next);
    return { ask, tell, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function synchronise(
  tell: (command: string, options: object) => Promise<void>,
  next: () => Promise<unknown>,
): Promise<void> {
  const id = randomInt(1, 2 ** 31);
  await tell('guest-sync', { id });
  for (;;) {
    const answer = await next();
    if (SYNCHRONISED(answer) && answer.return === id) return;
  }
}

/** What is no JSON is an answer too, of no shape. */
async function* linesOf(socket: Duplex, isLeft: () => boolean): AsyncGenerator<unknown, void, undefined> {
  const reader = createLineReader(LINE_BYTES);
  try {
    for await (const chunk of socket) {
      for (const line of reader.push(Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)))) yield parse(line);
    }
  } catch (error) {
    // A socket that is closed while it is read ends so.
    if (!isLeft()) throw error;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

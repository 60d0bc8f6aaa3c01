import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import { trustCertificate } from '../trust.ts';
import { type ServerOptions, serverCommand } from './server-command.ts';
import { readServerFile, type ServerFile } from './server-file.ts';

const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 40;
const LOG_BYTES = 16 * 1024 * 1024;

/** Where a server that was started in the background writes its log. */
function serverLogPath(dataDir: string): string {
  return join(dataDir, 'server.log');
}

/**
 * Starts a server in a session of its own, so that it outlives us and our terminal, and waits until it takes work.
 * Throws a `CliError` with the server's own last words if it ends before that.
 */
export async function startServer(options: ServerOptions & { readonly dataDir: string }): Promise<ServerFile> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const logPath = serverLogPath(options.dataDir);
  await rotate(logPath);
  await using log = await open(logPath, 'a', 0o600);
  const logStart = (await log.stat()).size;
  const [program, ...args] = serverCommand(options);
  const child = spawn(program, args, { detached: true, cwd: '/', stdio: ['ignore', log.fd, log.fd] });
  const ended = once(child, 'exit').then(() => 'ended' as const);
  child.unref();

  const deadline = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const server = await readServerFile(options.dataDir);
    if (server !== null && server.pid === child.pid && (await isServerReady(server))) return server;
    if ((await Promise.race([ended, delay(POLL_MS)])) === 'ended') break;
  }
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  throw new CliError(`The server did not start. ${await lastWords(logPath, logStart)}`, {
    reason: 'cli.server_failed',
    hint: `its log is ${logPath}; what this machine lacks: volary doctor`,
  });
}

/** Why a server that answers takes no work, as it says itself. */
export interface Unready {
  /** Which part of it keeps it from that: `disk`, `database`, or `server` while it starts or stops. */
  readonly component: string;
  readonly why: string;
}

/** A server that answers; `unready` is null where it takes work. */
export interface AnsweringServer {
  readonly server: ServerFile;
  readonly unready: Unready | null;
}

/** The server of this data directory if one answers, whether or not it takes work; null where none does. */
export async function findAnsweringServer(dataDir: string): Promise<AnsweringServer | null> {
  const server = await readServerFile(dataDir);
  if (server === null) return null;
  if (server.certificate !== null) trustCertificate(server.certificate);
  const readiness = await askReadiness(server.url);
  return readiness === 'silent' ? null : { server, unready: readiness === 'ready' ? null : readiness };
}

/** The server of this data directory if one runs and takes work, else null. */
export async function findRunningServer(dataDir: string): Promise<ServerFile | null> {
  const found = await findAnsweringServer(dataDir);
  return found?.unready === null ? found.server : null;
}

async function isServerReady({ url, certificate }: ServerFile): Promise<boolean> {
  if (certificate !== null) trustCertificate(certificate);
  return (await askReadiness(url)) === 'ready';
}

/** Longer than the server itself waits for its database before it says that it is not ready. Milliseconds. */
const READINESS_MS = 5_000;

async function askReadiness(url: string): Promise<'ready' | 'silent' | Unready> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READINESS_MS) });
    const answer: unknown = await response.json();
    return response.ok ? 'ready' : (readUnready(answer) ?? 'silent');
  } catch {
    return 'silent'; // not yet, not any more, or another program that speaks otherwise: to be asked again
  }
}

/** Null where the answer is not a Volary server's: another program may have its port by now. */
function readUnready(answer: unknown): Unready | null {
  if (typeof answer !== 'object' || answer === null || !('reason' in answer) || !('detail' in answer)) return null;
  const { reason, detail } = answer;
  if (reason !== 'server.not_ready' && reason !== 'server.stopping') return null;
  const details: unknown = 'details' in answer ? answer.details : null;
  const isNamed = typeof details === 'object' && details !== null && 'component' in details;
  return { component: isNamed ? String(details.component) : 'server', why: String(detail) };
}

async function rotate(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LOG_BYTES) await rename(path, `${path}.1`);
}

/** What the server said last in this run: its own sentence, else the error of what broke, else its last line. */
async function lastWords(path: string, start: number): Promise<string> {
  const text = (await readFile(path)).subarray(start).toString('utf8');
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('{'));
  const own = lines.findLast((line) => line.startsWith('volary: '));
  const broke = lines.find((line) => /Error\b.*: /.test(line));
  return (own?.slice('volary: '.length) ?? broke ?? lines.at(-1) ?? '').trim();
}

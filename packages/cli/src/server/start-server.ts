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

/** True if this server says that it takes work. */
async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // not yet, or not any more: to be asked again
  }
}

/** The same of one that has written down how it is known. */
async function isServerReady({ url, certificate }: ServerFile): Promise<boolean> {
  if (certificate !== null) trustCertificate(certificate);
  return await isReady(url);
}

/** The server of this data directory if one runs and takes work, else null. */
export async function findRunningServer(dataDir: string): Promise<ServerFile | null> {
  const server = await readServerFile(dataDir);
  return server !== null && (await isServerReady(server)) ? server : null;
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

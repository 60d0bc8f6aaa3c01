import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../errors.ts';
import { isServerAlive, readServerFile, type ServerFile } from './server-file.ts';

const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 40;

/**
 * Asks the server of this data directory to end (its VMs go on running) and waits for it. Returns it; null if none runs.
 * Throws a `CliError` if it is still there after 30 s.
 */
export async function stopServer(dataDir: string): Promise<ServerFile | null> {
  const server = await readServerFile(dataDir);
  if (server === null || !(await isServerAlive(server.pid))) return null;
  process.kill(server.pid, 'SIGTERM');
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (performance.now() < deadline) {
    if (!(await isServerAlive(server.pid))) return server;
    await delay(POLL_MS);
  }
  throw new CliError(`The server (process ${server.pid}) was asked to end and has not.`, {
    reason: 'cli.server_stuck',
    hint: `see its log, then end it: kill -9 ${server.pid} (its VMs go on running)`,
  });
}

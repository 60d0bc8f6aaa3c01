import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type VolaryClient } from '@volary/sdk';

const MAIN = join(import.meta.dirname, '../../packages/server/src/main.ts');
const READY_WITHIN_MS = 30_000;
const LOOK_MS = 5;

export type DriverName = 'simulated' | 'qemu';

export interface ServerOptions {
  readonly dataDir: string;
  readonly driver: DriverName | 'docker';
  /** Where it shall die: `NAME:N`. */
  readonly faultPoint?: string | undefined;
  /** Where it looks for programs; default: where we do. */
  readonly searchPath?: string | undefined;
  /** How much it says; default: `info`. */
  readonly logLevel?: 'debug';
  /** What else it is told. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One life of the server on a data directory. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves when it is dead, with the signal or the exit code. */
  readonly died: Promise<string>;
  readonly isDead: () => boolean;
  /** Resolves when it takes work, or with null when it died before. Throws when it takes too long. */
  ready(): Promise<VolaryClient | null>;
  /** As `ready`, but already when it answers at all: one whose disk is full takes no work. */
  answering(): Promise<VolaryClient | null>;
  /** Kills it, at whatever it is; resolves when it is dead. */
  kill(): Promise<void>;
  /** Asks it to stop; resolves with how it ended. */
  stop(): Promise<string>;
}

/** Starts the server's program. What it says goes to `server.log` beside the data directory. */
export function startServer(options: ServerOptions): ServerProcess {
  const { dataDir, driver, logLevel = 'info' } = options;
  const log = openSync(`${dataDir}.log`, 'a');
  const child = spawn(
    process.execPath,
    [MAIN, '--data-dir', dataDir, '--listen', '127.0.0.1:0', '--driver', driver, '--log-level', logLevel],
    { stdio: ['ignore', log, log], env: environment(options) },
  );
  closeSync(log);
  const died = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const isDead = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    died,
    isDead,
    ready: () => untilAnswered(child, dataDir, { isDead, isEnough: ({ ok }) => ok }),
    answering: () => untilAnswered(child, dataDir, { isDead, isEnough: () => true }),
    kill: async () => {
      child.kill('SIGKILL');
      await died;
    },
    stop: async () => {
      child.kill('SIGTERM');
      return await died;
    },
  };
}

interface Wanted {
  readonly isDead: () => boolean;
  readonly isEnough: (answer: Response) => boolean;
}

async function untilAnswered(
  child: ChildProcess,
  dataDir: string,
  { isDead, isEnough }: Wanted,
): Promise<VolaryClient | null> {
  const endsAt = performance.now() + READY_WITHIN_MS;
  while (!isDead()) {
    const url = readUrl(dataDir, child.pid);
    const answer = url === null ? null : await fetch(`${url}/readyz`).catch(() => null);
    if (url !== null && answer !== null && isEnough(answer)) {
      const apiKey = readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
      return createClient({ baseUrl: url, apiKey });
    }
    if (performance.now() > endsAt) throw new Error(`the server was not ready within ${READY_WITHIN_MS} ms`);
    await delay(LOOK_MS);
  }
  return null;
}

/** Where this process listens; one that was killed leaves its file behind. */
function readUrl(dataDir: string, pid: number | undefined): string | null {
  const path = join(dataDir, 'server.json');
  if (!existsSync(path)) return null;
  const facts = JSON.parse(readFileSync(path, 'utf8'));
  return facts.pid === pid ? String(facts.url) : null;
}

/** Ours, without what would tell the server other things than we do. */
function environment({ faultPoint, searchPath, env }: ServerOptions): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('VOLARY_') || name === 'VOLARY_CACHE_DIR',
  );
  const PATH = searchPath ?? process.env['PATH'];
  // A storm asks as often as it can.
  return { ...Object.fromEntries(kept), PATH, VOLARY_FAULT_POINT: faultPoint, VOLARY_RATE_LIMIT: 'off', ...env };
}

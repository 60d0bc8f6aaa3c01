import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ADMIN_KEY as KEY } from '../../engine/principals.test-kit.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
export const ADMIN_KEY = KEY;
const PATIENCE_MS = 60_000;

/** A server of its own, as a process, on the simulated driver. */
export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** Of dialects that have listeners of their own. */
  readonly faces: Readonly<Record<string, string>>;
  readonly dataDir: string;
  /** Its log so far. */
  log(): string;
  /** Asks it to stop, and resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it by SIGKILL, at whatever it is, and starts another one on its data directory. */
  killAndStartAnother(): Promise<RunningServer>;
}

type Environment = Readonly<Record<string, string>>;

/**
 * Starts `main.ts` as `volary serve` does, on a free port, with a data directory that is removed in the end. `settings` are further
 * variables of its environment, `flags` of its command line.
 */
export async function runServer(settings: Environment = {}, flags: readonly string[] = []): Promise<RunningServer> {
  return await runServerOn(await mkdtemp(join(tmpdir(), 'volary-test-api-')), settings, flags);
}

async function runServerOn(dataDir: string, settings: Environment, flags: readonly string[]): Promise<RunningServer> {
  const args = [MAIN, '--driver', 'simulated', '--listen', '127.0.0.1:0', '--data-dir', dataDir, ...flags];
  const env = {
    ...process.env,
    VOLARY_ADMIN_KEY: ADMIN_KEY,
    VOLARY_CACHE_DIR: join(dataDir, 'cache'),
    VOLARY_LOG_LEVEL: 'debug',
    // What is made in the background is in the way of whoever looks at something else.
    VOLARY_WARM_TEMPLATES: 'off',
    // Nobody starts from this cache again, and writing it takes a second.
    NODE_DISABLE_COMPILE_CACHE: '1',
    ...settings,
  };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  let isOver = false;
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const closed = once(child, 'close');
    child.kill(signal);
    await closed;
    return child.exitCode;
  };
  const { url, faces } = await addressesOf(child, join(dataDir, 'server.json'), () => log).catch(
    async (error: unknown) => {
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    },
  );
  return {
    url,
    faces,
    dataDir,
    log: () => log,
    stop: () => end('SIGTERM'),
    async killAndStartAnother() {
      await end('SIGKILL');
      isOver = true;
      await rm(join(dataDir, 'server.json'));
      return await runServerOn(dataDir, settings, flags);
    },
    [Symbol.asyncDispose]: async () => {
      if (isOver) return;
      await end('SIGTERM');
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

type Addresses = Pick<RunningServer, 'url' | 'faces'>;

/** The server writes the file when it listens. */
async function addressesOf(child: ChildProcess, path: string, log: () => string): Promise<Addresses> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(20)) {
    if (child.exitCode !== null) throw new Error(`The server ended: ${log()}`);
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) continue;
    const addresses: Addresses = JSON.parse(text);
    return addresses;
  }
  child.kill('SIGKILL');
  throw new Error(`The server did not start: ${log()}`);
}

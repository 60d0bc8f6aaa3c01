import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@volary/sdk';
import { machinesBelow } from './machines-below.ts';

export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly pid: number;
  readonly dataDir: string;
  readonly client: ReturnType<typeof createClient>;
}

const MAIN = new URL('../../packages/server/src/main.ts', import.meta.url).pathname;
const STARTING_MS = 30_000;

/**
 * A real server with a data directory of its own, the machine's image cache, and any free port. `prepare` is given the
 * data directory before the start; `env` is added to our environment. Disposing ends
 * the server and what VMs it has left, which would outlive it, and removes its data.
 */
export async function startServer(
  args: readonly string[] = [],
  prepare: (dataDir: string) => Promise<void> = async () => undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'volary-bench-'));
  await prepare(dataDir);
  const child = spawn(
    process.execPath,
    [MAIN, '--data-dir', dataDir, '--listen', '127.0.0.1:0', '--log-level', 'warn', ...args],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
      // Simulated VMs stand for real ones in what the server does for them; what is made ahead of them is not counted.
      env: {
        ...process.env,
        // One caller asks as often as it can.
        VOLARY_RATE_LIMIT: 'off',
        ...(args.includes('simulated') ? { VOLARY_WARM_TEMPLATES: 'off' } : {}),
        ...env,
      },
    },
  );
  const { url, pid } = await waitUntilReady(child, dataDir);
  const key = readFileSync(join(dataDir, 'admin.key'), 'utf8').trim();
  return {
    url,
    key,
    pid,
    dataDir,
    client: createClient({ baseUrl: url, apiKey: key }),
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      for (const pid of machinesBelow(dataDir)) process.kill(pid, 'SIGKILL');
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function waitUntilReady(
  child: ChildProcess,
  dataDir: string,
): Promise<{ readonly url: string; readonly pid: number }> {
  const file = join(dataDir, 'server.json');
  const endsAt = Date.now() + STARTING_MS;
  while (child.exitCode === null && Date.now() < endsAt) {
    if (existsSync(file)) {
      const { url, pid } = JSON.parse(readFileSync(file, 'utf8'));
      if ((await fetch(`${url}/readyz`).catch(() => null))?.ok === true) return { url, pid };
    }
    await sleep(25);
  }
  throw new Error('the server did not become ready');
}

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep } from '../../shared/sleep.ts';
import { createEngineClient } from './engine/engine-client.ts';

/** A real Docker Engine of a test's own, in a directory of its own, with no network. The host's is never touched. */
export interface TestEngine extends AsyncDisposable {
  readonly socketPath: string;
  /** Ends it as a crash does; its containers end with it. */
  kill(): Promise<void>;
  start(): Promise<void>;
  /** Has it say nothing any more, as one that hangs, until `resume`. */
  halt(): void;
  resume(): void;
}

const PATIENCE_MS = 60_000;

/** The engine, or why none can run here. */
export async function startTestEngine(): Promise<TestEngine | { readonly whyNot: string }> {
  if (process.getuid?.() !== 0) return { whyNot: 'only root can start a Docker Engine' };
  const directory = await mkdtemp(join(tmpdir(), 'dockerd-'));
  const at = (name: string): string => join(directory, name);
  const socketPath = at('docker.sock');
  let child: ReturnType<typeof spawn> | null = null;

  async function start(): Promise<void> {
    const args = ['--iptables=false', '--ip6tables=false', '--bridge=none', `--host=unix://${socketPath}`];
    const places = [`--data-root=${at('data')}`, `--exec-root=${at('exec')}`, `--pidfile=${at('pid')}`];
    const started = spawn('dockerd', [...args, ...places], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, TMPDIR: directory },
    });
    child = started;
    let words = '';
    started.stderr?.on('data', (chunk: Buffer) => {
      words = `${words}${chunk.toString()}`.slice(-2_000);
    });
    const ended = Promise.withResolvers<never>();
    started.once('error', ended.reject);
    started.once('exit', () => ended.reject(new Error(`dockerd ended: ${words}`)));
    ended.promise.catch(() => undefined);
    await Promise.race([untilItAnswers(socketPath), ended.promise]);
  }

  async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const present = child;
    child = null;
    if (present === null || present.exitCode !== null || present.signalCode !== null) return;
    const exited = once(present, 'exit');
    present.kill(signal);
    await exited;
  }

  /** As a loss of the program is: what it had started is left, but for the one that it would find in its way. */
  async function kill(): Promise<void> {
    await end('SIGKILL');
    await endContainerd(at('exec'));
  }

  async function clear(): Promise<void> {
    await end('SIGTERM');
    await endContainerd(at('exec'));
    await unmountBelow(directory);
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await clear();
    return { whyNot: `no Docker Engine can be started here: ${String(error).split('\n')[0]}` };
  }
  const tell = (signal: NodeJS.Signals) => () => void child?.kill(signal);
  return { socketPath, start, kill, halt: tell('SIGSTOP'), resume: tell('SIGCONT'), [Symbol.asyncDispose]: clear };
}

async function untilItAnswers(socketPath: string): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    try {
      await createEngineClient(socketPath).version({ signal });
      return;
    } catch {
      await sleep(50, signal);
    }
  }
}

/** Ends what an engine that was killed has left, by the number that it wrote down, and removes its sockets. */
async function endContainerd(execRoot: string): Promise<void> {
  const directory = join(execRoot, 'containerd');
  const pid = Number(await readFile(join(directory, 'containerd.pid'), 'utf8').catch(() => ''));
  if (Number.isInteger(pid) && pid > 1 && (await isContainerd(pid))) {
    process.kill(pid, 'SIGKILL');
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (await isContainerd(pid)) await sleep(20, signal);
  }
  for (const name of await readdir(directory).catch(() => []))
    if (/\.(sock|ttrpc|pid)$/.test(name)) await rm(join(directory, name), { force: true });
}

/** One that was killed leaves what it had mounted. */
async function unmountBelow(directory: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  const ours = mounts.filter((path) => path.startsWith(`${directory}/`)).reverse();
  for (const path of ours) await promisify(execFile)('umount', ['--lazy', path]);
}

/** A zombie is none. */
async function isContainerd(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).startsWith('containerd');
}

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const STARTING_MS = 30_000;

/** An engine of our own that has one image. */
export interface DockerEngine extends AsyncDisposable {
  /** Runs a command in a new container without network, which goes with it. Throws if it does not exit with 0. */
  run(argv: readonly string[]): Promise<void>;
}

/** Whether Debian's `docker.io` is installed, and we may start its engine. */
export function canStartDocker(): boolean {
  return process.getuid?.() === 0 && spawnSync('dockerd', ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Starts an engine with a directory of its own, which sets up no network, and imports the file system in this raw disk as its image.
 * Disposing ends it and removes everything.
 */
export async function startDocker(rootPath: string): Promise<DockerEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'volary-bench-engine-'));
  const host = `unix://${join(directory, 'docker.sock')}`;
  const child = spawn(
    'dockerd',
    [
      ...['--host', host, '--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['--pidfile', join(directory, 'dockerd.pid'), '--iptables=false', '--bridge=none', '--log-level=error'],
    ],
    { stdio: 'ignore' },
  );
  const stop = () => stopDocker(child, directory);
  try {
    await untilReady(host, child);
    const image = importRoot(host, rootPath, directory);
    return {
      run: async (argv) => {
        const args = ['-H', host, 'run', '--rm', '--network', 'none', image, ...argv];
        const [code] = await once(spawn('docker', args, { stdio: 'ignore' }), 'exit');
        if (code !== 0) throw new Error(`docker run ended with ${code}`);
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function untilReady(host: string, child: ChildProcess): Promise<void> {
  const endsAt = performance.now() + STARTING_MS;
  while (spawnSync('docker', ['-H', host, 'version'], { stdio: 'ignore' }).status !== 0) {
    if (child.exitCode !== null || performance.now() > endsAt) throw new Error('the Docker engine did not start');
    await sleep(100);
  }
}

/** The very files that guests have, with owners and modes. */
function importRoot(host: string, rootPath: string, directory: string): string {
  const mountPoint = join(directory, 'root');
  execFileSync('mkdir', [mountPoint]);
  execFileSync('mount', ['-o', 'ro,loop,noload', rootPath, mountPoint]);
  try {
    const importing = `tar -C '${mountPoint}' --numeric-owner -c . | docker -H '${host}' import -`;
    return execFileSync('sh', ['-c', importing], { encoding: 'utf8' }).trim();
  } finally {
    execFileSync('umount', [mountPoint]);
  }
}

async function stopDocker(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  }
  rmSync(directory, { recursive: true, force: true });
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const REPOSITORY_ROOT = resolve(import.meta.dirname, '../..');
/** The program as its users start it. */
export const VOLARY = join(REPOSITORY_ROOT, 'volary');

/** What a run of the program came to. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The same as `stdout`, byte for byte. */
  readonly bytes: Buffer;
}

export interface RunOptions {
  /** Piped into it; without it, it has no input. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

/** A data directory of its own, with whatever runs on it; the cache of images is shared, so that one is built once. */
export interface Installation {
  readonly directory: string;
  readonly dataDir: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs the program to its end. */
  volary(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** As `volary`, and throws with its words unless it ends with 0. Returns its output without the last newline. */
  must(args: readonly string[], options?: RunOptions): Promise<string>;
  /** Deletes the VMs, ends the server and removes everything. */
  remove(): Promise<void>;
}

/**
 * An installation that listens on a free port and runs VMs with this driver; the host's own Docker Engine is left alone. `through` is a
 * command line that the program is run by, such as one that enters a namespace.
 */
export function createInstallation(
  driver: 'qemu' | 'docker' | 'simulated',
  change: Readonly<Record<string, string>> = { VOLARY_DOCKER_SOCKET: 'off' },
  through: readonly string[] = [],
): Installation {
  const directory = mkdtempSync(join(tmpdir(), 'volary-test-e2e-'));
  const dataDir = join(directory, 'data');
  const env = {
    ...definedEnvironment(),
    VOLARY_DATA_DIR: dataDir,
    VOLARY_CACHE_DIR: process.env['VOLARY_CACHE_DIR'] ?? join(homedir(), '.cache/volary'),
    VOLARY_CONFIG_DIR: join(directory, 'config'),
    VOLARY_LISTEN: '127.0.0.1:0',
    VOLARY_DRIVER: driver,
    // Templates and spares are made in the background, and would load this machine while others measure: tests of them turn them on.
    VOLARY_WARM_TEMPLATES: 'off',
    ...change,
  };

  async function volary(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return runToEnd([...through, VOLARY, ...args], { ...options, env: { ...env, ...options.env } });
  }

  async function must(args: readonly string[], options?: RunOptions): Promise<string> {
    const { code, stdout, stderr } = await volary(args, options);
    if (code !== 0) throw new Error(`volary ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.replace(/\n$/, '');
  }

  return {
    directory,
    dataDir,
    env,
    volary,
    must,
    remove: async () => {
      const names = (await volary(['ls', '-q'])).stdout.split('\n').filter((name) => name !== '');
      if (names.length > 0) await must(['rm', '--force', ...names]);
      await must(['down']);
      rmSync(directory, { recursive: true });
    },
  };
}

/** Runs a program to its end. */
export async function runToEnd(
  argv: readonly string[],
  options: RunOptions & { readonly cwd?: string } = {},
): Promise<Outcome> {
  const [program = '', ...args] = argv;
  const child = spawn(program, args, {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on('data', (chunk) => stdout.push(chunk));
  child.stderr?.on('data', (chunk) => stderr.push(chunk));
  child.stdin?.on('error', () => {}); // a program need not read all of its input
  child.stdin?.end(options.input);
  const [code] = await once(child, 'close');
  const bytes = Buffer.concat(stdout);
  return { code, bytes, stdout: bytes.toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') };
}

/** Our environment, without what would change how the program talks. */
function definedEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const left = entries.filter(([name]) => !/^(VOLARY_|NO_COLOR|FORCE_COLOR|CI$|VITEST|NODE_)/.test(name));
  const certificates = entries.filter(([name]) => name === 'NODE_EXTRA_CA_CERTS');
  return Object.fromEntries([...left, ...certificates]);
}

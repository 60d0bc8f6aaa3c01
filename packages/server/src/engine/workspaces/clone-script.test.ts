import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { repositoryOf } from '../../domain/workspace/repository.ts';
import { numberedId } from '../../ports/store-contract/samples.contract.ts';
import { cloneCommand } from './clone-script.ts';

/* The script as a guest's shell runs it, with a real git, of what is served on this host's loopback. */

const ID = numberedId('ws', 1);
let root: string;
let place: string;
let cloned: string;
let url: string;
let daemon: ReturnType<typeof spawn>;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'volary-test-clone-'));
  const origin = join(root, 'served', 'shop');
  mkdirSync(origin, { recursive: true });
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: origin, env: environment() });
  git('init', '-q', '-b', 'main');
  writeFileSync(join(origin, 'README'), 'hello\n');
  git('add', '.');
  git('commit', '-qm', 'one');
  git('tag', 'v1');
  writeFileSync(join(origin, 'README'), 'later\n');
  git('commit', '-qam', 'two');
  const port = await freePort();
  const args = ['daemon', '--export-all', `--base-path=${join(root, 'served')}`, '--listen=127.0.0.1'];
  daemon = spawn('git', [...args, `--port=${port}`, '--informative-errors', '--verbose'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment(),
  });
  url = `git://127.0.0.1:${port}/shop`;
  const ready = Promise.withResolvers<void>();
  daemon.stderr?.on('data', (words) => {
    if (String(words).includes('Ready')) ready.resolve();
  });
  await ready.promise;
});
afterAll(async () => {
  // What it began for a connection that is open ends with the connection.
  daemon.kill();
  if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  place = mkdtempSync(join(root, 'guest-'));
  cloned = join(place, 'deep', 'shop');
});

function environment(change: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: root, GIT_CONFIG_NOSYSTEM: '1', ...change };
}

function clone(asked: { url?: string; ref?: string; id?: typeof ID } = {}, env: Readonly<Record<string, string>> = {}) {
  const { ref } = asked;
  const repository = repositoryOf({ url: asked.url ?? url, ref, directory: cloned });
  const [shell = '', ...args] = cloneCommand(asked.id ?? ID, repository).argv;
  const { status, stdout, stderr } = spawnSync(shell, args, { encoding: 'utf8', env: environment(env) });
  return { status, said: stdout + stderr };
}

const readme = (): string => readFileSync(join(cloned, 'README'), 'utf8');

describe('a clone', () => {
  it('is where it is to be, whole, and is not made again', () => {
    expect(clone()).toMatchObject({ said: expect.anything(), status: 0 });
    expect(readme()).toBe('later\n');
    writeFileSync(join(cloned, 'README'), 'mine\n');

    expect(clone()).toEqual({ status: 0, said: 'It has been cloned already.\n' });
    expect(readme()).toBe('mine\n');
    expect(readdirSync(join(place, 'deep'))).toEqual(['shop']);
  });

  it('is of the branch or the tag that was asked for', () => {
    expect(clone({ ref: 'v1' })).toMatchObject({ status: 0 });
    expect(readme()).toBe('hello\n');
    expect(clone({ ref: 'nothing', id: numberedId('ws', 2) }).status).not.toBe(0);
  });

  it('takes no notice of what one that was cut off has left, and of nobody else’s files', () => {
    mkdirSync(`${cloned}.cloning-${ID}/.git`, { recursive: true });
    mkdirSync(cloned);
    expect(clone()).toMatchObject({ said: expect.anything(), status: 0 });
    expect(readdirSync(join(place, 'deep'))).toEqual(['shop']);

    const other = clone({ id: numberedId('ws', 2) });
    expect(other).toMatchObject({ status: 1, said: expect.stringContaining('There is something in') });
    expect(readme()).toBe('later\n');
  });

  it('says what is wrong, and asks nobody', () => {
    expect(clone({ url: `${url}-missing` })).toMatchObject({ status: 128, said: expect.stringContaining('fatal:') });
    expect(existsSync(cloned)).toBe(false);
    const withoutGit = join(place, 'bin');
    mkdirSync(withoutGit);
    expect(clone({}, { PATH: withoutGit })).toMatchObject({ status: 127, said: expect.stringContaining('no git') });
  });

  it('gives the token to the host of the address by https, and to none by http', async () => {
    const asked: IncomingMessage[] = [];
    await using server = createServer((request, response) => {
      asked.push(request);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const repository = repositoryOf({ url: `http://127.0.0.1:${portOf(server.address())}/shop`, directory: cloned });
    const [shell = '', ...args] = cloneCommand(ID, repository).argv;
    const child = spawn(shell, args, { stdio: 'ignore', env: environment({ GIT_TOKEN: 't0psecret' }) });
    const [code] = await once(child, 'exit');

    expect(code).toBe(128);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    const byHttps = repositoryOf({ url: 'https://example.com:8443/shop', directory: cloned });
    expect(cloneCommand(ID, byHttps).argv.at(-1)).toBe('https://example.com:8443');
  });

  it('answers git with the token of the host that it was made for', () => {
    const helper = /"credential\.\$origin\.helper=(.*)" "\$@"/.exec(
      cloneCommand(ID, repositoryOf({ url })).argv[2] ?? '',
    )?.[1];
    const given = execFileSync('/bin/sh', ['-c', `printf '%s' "${helper ?? ''}"`], { encoding: 'utf8' });
    const ask = (host: string) =>
      spawnSync('git', ['-c', `credential.https://example.com.helper=${given}`, 'credential', 'fill'], {
        encoding: 'utf8',
        input: `protocol=https\nhost=${host}\n\n`,
        env: environment({ GIT_TOKEN: 't0psecret', GIT_TERMINAL_PROMPT: '0' }),
      });

    expect(ask('example.com').stdout).toContain('username=x-access-token\npassword=t0psecret\n');
    expect(ask('elsewhere.example').stdout).not.toContain('t0psecret');
  });
});

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('no port');
  return address.port;
}

async function freePort(): Promise<number> {
  await using server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return portOf(server.address());
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoBridges } from '../../packages/server/src/adapters/networks/why-no-bridges.ts';
import { createInstallation, type Installation, VOLARY } from './installation.ts';

/* Real guests with real servers, reached from here by `volary port-forward`. */

/** Listens on the guest's loopback, and gives each connection to a program as its input and output. */
const INETD = `
use IO::Socket::INET;
my $port = shift;
my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 128, ReuseAddr => 1) or die;
$SIG{CHLD} = 'IGNORE';
for (;;) {
  my $client = $server->accept or next;
  next if fork;
  open STDIN, '<&', $client;
  open STDOUT, '>&', $client;
  exec @ARGV;
}`;

/** Servers of each guest, by port. */
const SERVERS = {
  7001: 'cat',
  7002: 'sha256sum',
  7003: 'head -c 33554432 /dev/zero | tr "\\0" v',
  7004: 'exec cat >/root/kept',
  7005: 'yes',
} as const;

const MIB = 1024 * 1024;

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

async function createGuest(name: string, ...options: readonly string[]): Promise<void> {
  await here.must(['create', name, '--memory', '192', ...options]);
  await here.must(['exec', name, '--', 'sh', '-c', 'cat >/root/inetd.pl'], { input: INETD });
  for (const [port, script] of Object.entries(SERVERS))
    await here.must(['exec', name, '-d', '--', 'perl', '/root/inetd.pl', port, 'sh', '-c', script]);
  const all = Object.keys(SERVERS).length;
  await here.must(['exec', name, '--', 'sh', '-c', `until [ $(grep -c ' 0A ' /proc/net/tcp) -ge ${all} ]; do :; done`]);
}

interface Forwarder extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Connects to the local port that leads to this one of the guest. */
  open(remotePort: number): Promise<Socket>;
  /** Resolves when it has said this on stderr. */
  says(pattern: RegExp): Promise<void>;
  /** Ends it as Ctrl-C does, and resolves with its exit code. */
  interrupt(): Promise<number | null>;
}

async function forward(name: string, ...ports: readonly number[]): Promise<Forwarder> {
  const child = spawn(VOLARY, ['--json', 'port-forward', name, ...ports.map((port) => `:${port}`)], {
    env: here.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let said = '';
  let shown = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ready = Promise.withResolvers<void>();
  child.stdout.on('data', (chunk) => {
    shown += chunk;
    if (/\n}\n$/.test(shown)) ready.resolve();
  });
  await Promise.race([ready.promise, ended.then(() => Promise.reject(new Error(said)))]);
  const { forwards }: { forwards: { local_port: number; remote_port: number }[] } = JSON.parse(shown);
  return {
    child,
    async open(remotePort) {
      const local = forwards.find(({ remote_port }) => remote_port === remotePort)?.local_port ?? 0;
      const socket = connect({ host: '127.0.0.1', port: local, allowHalfOpen: true });
      await once(socket, 'connect');
      return socket;
    },
    async says(pattern) {
      while (!pattern.test(said)) await once(child.stderr, 'data');
    },
    async interrupt() {
      child.kill('SIGINT');
      const [code] = await ended;
      return code;
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGINT');
      await ended;
    },
  };
}

/** All bytes up to the end; throws what broke it. */
async function readAll(socket: Socket): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) parts.push(bytes);
  return Buffer.concat(parts);
}

async function exchange(socket: Socket, bytes: Uint8Array = new Uint8Array()): Promise<Buffer> {
  socket.end(bytes);
  return await readAll(socket);
}

/** Resident memory of a process, bytes. */
function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

function serverPid(): number {
  return Number(readFileSync(join(here.dataDir, 'server.pid'), 'utf8'));
}

describe.each([
  ['none', null],
  ['user', null],
  ['bridge', whyNoBridges()],
] as const)('ports of a VM with the network %s', (mode, whyNot) => {
  it('carry bytes both ways, big ones whole, half-closed, fifty at once', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    const name = `net-${mode}`;
    await createGuest(name, '--network', mode);
    await using forwarder = await forward(name, 7001, 7002, 7003);
    const big = randomBytes(16 * MIB);

    const digest = await exchange(await forwarder.open(7002), big);
    expect(digest.toString()).toBe(`${createHash('sha256').update(big).digest('hex')}  -\n`);
    const down = await exchange(await forwarder.open(7003));
    expect(down.length).toBe(32 * MIB);
    expect(down.every((byte) => byte === 0x76)).toBe(true);
    const echoes = Array.from({ length: 50 }, async (_, i) => {
      const text = `${i} `.repeat(20_000);
      return (await exchange(await forwarder.open(7001), Buffer.from(text))).toString() === text;
    });
    expect((await Promise.all(echoes)).filter((isRight) => !isRight)).toEqual([]);
    expect(await here.must(['ports', name])).toMatch(/7001\s+tcp\s+127\.0\.0\.1\s+yes/);
    expect(await forwarder.interrupt()).toBe(0);
    await here.must(['rm', '--force', name]);
  });
});

describe('a forwarded port', () => {
  beforeAll(() => createGuest('first', '--network', 'none', '--auto-wake', 'on'));

  it('keeps no more than a bounded part of what nobody reads, in the server and in the command line', async () => {
    await using forwarder = await forward('first', 7003, 7005);
    const pids = [serverPid(), forwarder.child.pid ?? 0];
    await exchange(await forwarder.open(7003)); // so that what it takes at all has been taken
    const before = pids.map(memoryOf);

    const stalled = await Promise.all(Array.from({ length: 4 }, () => forwarder.open(7005)));
    // `yes` writes for ever: meanwhile the link carries a hundred megabytes for others.
    for (let i = 0; i < 3; i++) expect((await exchange(await forwarder.open(7003))).length).toBe(32 * MIB);
    const grown = pids.map((pid, i) => (memoryOf(pid) - (before[i] ?? 0)) / MIB);

    for (const socket of stalled) socket.destroy();
    expect(Math.max(...grown)).toBeLessThan(64);
  });

  it('is reset where nothing listens, with a line that says so', async () => {
    await using forwarder = await forward('first', 7999);
    const socket = await forwarder.open(7999);

    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await forwarder.says(/"reason":"port.refused".*"remote_port":7999/);
  });

  it('breaks off in the guest where it breaks off here, and ends where it ends', async () => {
    await using forwarder = await forward('first', 7004);
    const broken = await forwarder.open(7004);
    broken.write('half');
    await here.must(['ssh', '-n', 'first', '--', 'until grep -qs half /root/kept; do :; done']);
    broken.resetAndDestroy();
    // A program that reads from a connection that was reset fails.
    await here.must(['ssh', '-n', 'first', '--', 'while pgrep -x cat >/dev/null; do :; done']);

    const whole = await forwarder.open(7004);
    whole.end('whole');
    expect((await readAll(whole)).length).toBe(0);
    expect(await here.must(['ssh', '-n', 'first', '--', 'cat /root/kept'])).toBe('whole');
  });

  it('wakes its VM', async () => {
    await here.must(['suspend', 'first']);
    await using forwarder = await forward('first', 7001);

    expect(String(await exchange(await forwarder.open(7001), Buffer.from('awake')))).toBe('awake');
  });

  it('is reset when its server is killed, and goes on with the next one', async () => {
    await using forwarder = await forward('first', 7001);
    const socket = await forwarder.open(7001);
    socket.write('x');
    await once(socket, 'data');

    const { url } = JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
    process.kill(serverPid(), 'SIGKILL');
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await forwarder.says(/No server answers/);
    await here.must(['up', '--detach', '--no-vm'], { env: { VOLARY_LISTEN: new URL(url).host } });

    expect(String(await exchange(await forwarder.open(7001), Buffer.from('again')))).toBe('again');
  });

  it('is refused where its port here is taken, or cannot be', async () => {
    await using forwarder = await forward('first', 7001);
    const socket = await forwarder.open(7001);
    const { remoteAddress, remotePort } = socket;
    socket.destroy();
    const taken = await here.volary(['port-forward', 'first', `${remotePort}:7001`]);
    const foreign = await here.volary(['port-forward', 'first', ':7001', '--address', '192.0.2.1']);

    expect(remoteAddress).toBe('127.0.0.1');
    expect([taken.code, taken.stderr]).toEqual([1, expect.stringContaining('address already in use')]);
    expect([foreign.code, foreign.stderr]).toEqual([1, expect.stringMatching(/with your rights[\s\S]*Cannot listen/)]);
  });
});

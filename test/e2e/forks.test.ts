import { closeSync, openSync, readdirSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Real guests that are forked while something runs in them. */

/** Counts in the memory of a shell; what it writes to tmpfs is only how we look at it. */
const COUNTER = 'i=0; while :; do i=$((i+1)); echo $i > /dev/shm/n.new; mv /dev/shm/n.new /dev/shm/n; sleep 0.05; done';
const FORKS = ['one', 'two', 'three'] as const;

/** `getrandom(2)`, a UUID, what a new process of OpenSSL draws, and the random of the TLS greeting that a new process sends. */
const RANDOM_NUMBERS = [
  `perl -e '$b = "\\0" x 16; syscall(318, $b, 16, 0) == 16 or die; print unpack("H*", $b), "\\n"'`,
  'cat /proc/sys/kernel/random/uuid',
  'openssl rand -hex 16',
  `perl -MSocket -e 'socket(S, AF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(4433, INADDR_LOOPBACK)) or die; listen(S, 1);
    system("curl -sk https://127.0.0.1:4433/ > /dev/null 2>&1 &"); accept(C, S); read(C, $b, 43); print unpack("H*", substr($b, 11)), "\\n"'`,
].join('\n');

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'source', '--memory', '192', '--disk', '2']);
  await here.must(['exec', 'source', '--detach', '--', 'sh', '-c', COUNTER]);
  await untilCounting('source', 1);
});
afterAll(() => here.remove());

async function run(vm: string, script: string): Promise<string> {
  return await here.must(['exec', vm, '--', 'sh', '-c', script]);
}

async function countIn(vm: string): Promise<number> {
  return Number(await run(vm, 'cat /dev/shm/n'));
}

/** Waits in the guest, by its own clock, until it has counted so far. */
async function untilCounting(vm: string, count: number): Promise<void> {
  await run(vm, `until [ "$(cat /dev/shm/n 2>/dev/null || echo 0)" -ge ${count} ]; do sleep 0.05; done`);
}

describe('a running VM that is forked three times', () => {
  let before: number;

  it('has its count go on in each fork, from about where it was', async () => {
    before = await countIn('source');
    await here.must(['fork', 'source', ...FORKS]);

    for (const name of FORKS) {
      const count = await countIn(name);
      expect(count).toBeGreaterThanOrEqual(before);
      await untilCounting(name, count + 3);
    }
    await untilCounting('source', before + 3);
  });

  it('makes each of them itself', async () => {
    const whole =
      'hostname; cat /etc/machine-id; cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | od -An -tx1';
    const facts = await Promise.all([...FORKS, 'source'].map(async (name) => (await run(name, whole)).split('\n')));

    expect(facts.map(([hostname]) => hostname)).toEqual([...FORKS, 'source']);
    for (const column of [1, 2, 3]) expect(new Set(facts.map((lines) => lines[column])).size).toBe(4);
  });

  it('has random numbers of its own: of the kernel, UUIDs, of programs that are started, of TLS', async () => {
    const told = await Promise.all([...FORKS, 'source'].map(async (name) => await run(name, RANDOM_NUMBERS)));

    const columns = told.map((lines) => lines.split('\n'));
    expect(columns.map((lines) => lines.length)).toEqual([4, 4, 4, 4]);
    for (const column of [0, 1, 2, 3]) {
      const values = columns.map((lines) => lines[column] ?? '');
      for (const value of values) expect(value).toMatch(/^[0-9a-f-]{32,64}$/);
      expect(new Set(values).size).toBe(4);
    }
  });

  it('has the firmware’s UUID of its source until it boots', async () => {
    const uuids = await Promise.all(
      ['source', ...FORKS].map((name) => run(name, 'cat /sys/class/dmi/id/product_uuid')),
    );

    expect(new Set(uuids).size).toBe(1);
  });

  it('gives each an interface of its own, and the time', async () => {
    const addresses = await Promise.all(FORKS.map((name) => run(name, 'cat /sys/class/net/e*/address')));
    expect(new Set(addresses).size).toBe(FORKS.length);

    for (const name of FORKS) {
      const asked = Date.now();
      const told = Number(await run(name, 'date +%s%3N'));
      const answered = Date.now();
      expect(told).toBeGreaterThan(asked - 1_000);
      expect(told).toBeLessThan(answered + 1_000);
    }
  });

  it('leaves no snapshot behind', async () => {
    await expect.poll(() => readdirSync(join(here.dataDir, 'snapshots')), { timeout: 40_000 }).toEqual([]);
    expect(JSON.parse(await here.must(['snapshot', 'ls', '--json']))).toEqual({ items: [] });
    await here.must(['rm', '--force', ...FORKS]);
  });
});

describe('a snapshot', () => {
  it('brings its VM back to where it was, memory and disk', async () => {
    await run('source', 'echo saved > /root/file; sync');
    const before = await countIn('source');
    expect(await here.must(['snapshot', 'create', 'source', 'then'])).toBe('then');
    await run('source', 'echo later > /root/file; sync');
    await untilCounting('source', before + 40);

    expect(await here.must(['restore', 'source', 'then'])).toBe('source');

    expect(await run('source', 'cat /root/file; hostname')).toBe('saved\nsource');
    const after = await countIn('source');
    expect(after).toBeGreaterThanOrEqual(before);
    await untilCounting('source', after + 3);
  });

  it('makes a VM after a restart of the server', async () => {
    await here.must(['down']);
    await here.must(['up', '--detach', '--no-vm']);

    expect(await here.must(['create', 'fresh', '--snapshot', 'then', '--disk', '3'])).toBe('fresh');

    expect(await run('fresh', 'hostname; cat /root/file')).toBe('fresh\nsaved');
    await untilCounting('fresh', (await countIn('fresh')) + 3);
    await here.must(['rm', '--force', 'fresh']);
  });

  it('that was cut short or altered is refused, with its VM untouched', async () => {
    // Another one than the VM has been restored from: that one's memory is still under it.
    const { id } = JSON.parse(await here.must(['snapshot', 'create', 'source', 'bad', '--json']));
    const memory = join(here.dataDir, 'snapshots', id, 'memory');
    alter(memory);
    const count = await countIn('source');

    const altered = await here.volary(['restore', 'source', 'bad']);
    expect(altered).toMatchObject({ code: 1, stderr: expect.stringContaining('not what was saved') });
    truncateSync(memory, 1_048_576);
    const short = await here.volary(['create', 'broken', '--snapshot', 'bad', '--json']);
    expect(short.code).toBe(1);
    expect(JSON.parse(short.stderr)).toMatchObject({ error: { reason: 'snapshot.damaged' } });

    await untilCounting('source', count + 3);
    expect(await run('source', 'cat /root/file')).toBe('saved');
    await here.must(['rm', '--force', 'broken']);
    expect(await here.must(['snapshot', 'rm', 'bad', 'then'])).toBe('bad\nthen');
  });
});

/** Changes a byte that is not zero, in its middle. */
function alter(path: string): void {
  const content = readFileSync(path);
  const at = content.findIndex((byte, index) => index > content.length / 2 && byte !== 0);
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from([(content[at] ?? 0) ^ 0xff]), 0, 1, at);
  closeSync(file);
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHostMeter } from './host-meter.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'volary-test-host-meter-'));
  for (const path of ['proc/self', 'proc/net', 'sys/class/net/ens3/device'])
    mkdirSync(join(root, path), { recursive: true });
  write(
    'proc/meminfo',
    'MemTotal:        8388608 kB\nMemFree:         1048576 kB\nMemAvailable:    4194304 kB\nCached:          2097152 kB\n',
  );
  write('proc/self/cgroup', '0::/\n');
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text);
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

function writeGroup(path: string, files: Readonly<Record<string, number | string>>): void {
  mkdirSync(join(root, 'sys/fs/cgroup', path), { recursive: true });
  for (const [name, content] of Object.entries(files)) write(`sys/fs/cgroup/${path}/${name}`, `${content}\n`);
}

const DEVICES = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:  999       1    0    0    0     0          0         0      999       1    0    0    0     0       0          0
  ens3: 1000       2    0    0    0     0          0         0     2000       3    0    0    0     0       0          0
  eth0:30          4    0    0    0     0          0         0       40       5    0    0    0     0       0          0
 veth1: 500        6    0    0    0     0          0         0      600       7    0    0    0     0       0          0
`;

describe('the host meter', () => {
  it('reads the machine it runs on, whose counters grow', async () => {
    const meter = createHostMeter({ dataDir: '/nowhere/yet' });
    const before = await meter.readHost();
    const end = performance.now() + 200;
    while (performance.now() < end) structuredClone(DEVICES);

    const after = await meter.readHost();

    expect((after.cpuMs?.user ?? 0) + (after.cpuMs?.system ?? 0)).toBeGreaterThan(
      (before.cpuMs?.user ?? 0) + (before.cpuMs?.system ?? 0),
    );
    expect(after.memory?.availableBytes).toBeGreaterThan(0);
    expect(after.dataDisk?.sizeBytes).toBeGreaterThan(after.dataDisk?.availableBytes ?? 0);
  });

  it('reads what processors, memory, the disk and the network devices did', async () => {
    write('proc/stat', 'cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nbtime 5\n');
    write('proc/net/dev', DEVICES);
    write(
      'proc/net/route',
      'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\nens3\t000A0A0A\t0\t1\t0\t0\t0\t00FFFFFF\n',
    );

    const reading = await createHostMeter({ dataDir: '/', root }).readHost();

    expect(reading).toMatchObject({
      cpuMs: { user: 10, nice: 20, system: 30, idle: 40, iowait: 50, irq: 60, softirq: 70, steal: 80 },
      memory: {
        ...{ sizeBytes: 8 * 1024 ** 3, availableBytes: 4 * 1024 ** 3 },
        ...{ freeBytes: 1024 ** 3, cachedBytes: 2 * 1024 ** 3 },
      },
      networks: [{ device: 'ens3', receivedBytes: 1_000, sentBytes: 2_000, receivedPackets: 2, sentPackets: 3 }],
    });
  });

  it("tells of the memory that its control group may have, where files that are cached are in nobody's way", async () => {
    write('proc/self/cgroup', '0::/box\n');
    writeGroup('box', {
      ...{ 'memory.max': GIB, 'memory.current': 1_000 * MIB },
      'memory.stat': `anon ${100 * MIB}\nfile ${880 * MIB}\ninactive_file ${500 * MIB}\nactive_file ${300 * MIB}\nslab_reclaimable ${20 * MIB}`,
    });

    const { memory } = await createHostMeter({ dataDir: '/', root }).readHost();

    // Of the cached files 80 MiB lie in memory alone, and cannot be given up: those of a tmpfs.
    expect(memory).toEqual({
      ...{ sizeBytes: GIB, freeBytes: 24 * MIB, cachedBytes: 880 * MIB },
      availableBytes: (24 + 500 + 300 + 20) * MIB,
    });
  });

  it('tells of what the groups above its own leave it', async () => {
    write('proc/self/cgroup', '0::/slice/part/box\n');
    writeGroup('slice', { 'memory.max': 2 * GIB, 'memory.current': 2 * GIB - 64 * MIB, 'memory.stat': 'file 5' });
    writeGroup('slice/part', { 'memory.max': 'max', 'memory.current': 9 });
    writeGroup('slice/part/box', { 'memory.max': GIB, 'memory.current': 256 * MIB, 'memory.stat': 'file 4096' });

    const { memory } = await createHostMeter({ dataDir: '/', root }).readHost();

    expect(memory).toEqual({
      ...{ sizeBytes: GIB, availableBytes: 64 * MIB, freeBytes: 64 * MIB, cachedBytes: 4_096 },
    });
  });

  it('never has more of it than the group may have, nor less than nothing', async () => {
    write('proc/self/cgroup', '0::/box\n');
    const file = `inactive_file ${2 * GIB}`;
    writeGroup('box', { 'memory.max': GIB, 'memory.current': 8 * MIB, 'memory.stat': file });
    const { memory: more } = await createHostMeter({ dataDir: '/', root }).readHost();
    writeGroup('box', { 'memory.max': GIB, 'memory.current': 2 * GIB, 'memory.stat': 'inactive_file 0' });

    const { memory: less } = await createHostMeter({ dataDir: '/', root }).readHost();

    expect([more?.availableBytes, less?.availableBytes, less?.freeBytes]).toEqual([GIB, 0, 0]);
  });

  it.each([
    ['route', 'eth0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\n'],
    [
      'ipv6_route',
      `${'0'.repeat(32)} 00 ${'0'.repeat(32)} 00 ${'f'.repeat(32)} 00000400 00000001 00000000 00000003 eth0\n`,
    ],
  ])('counts a virtual device that a default %s leads by', async (name, row) => {
    write('proc/net/dev', DEVICES);
    write(`proc/net/${name}`, row);

    const { networks } = await createHostMeter({ dataDir: '/', root }).readHost();

    expect(networks.map(({ device }) => device)).toEqual(['ens3', 'eth0']);
  });

  it('counts what goes by stacked devices once, where it leaves the host', async () => {
    const figures = '1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0';
    const devices = ['ens3', 'ens4', 'bond0', 'bond0.7', 'br0', 'tap0', 'br1', 'wg0'];
    write('proc/net/dev', devices.map((device) => `${device}: ${figures}\n`).join(''));
    const route = (device: string): string => `${device}\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\n`;
    write('proc/net/route', ['br0', 'br1', 'wg0'].map(route).join(''));
    const stack = [
      'br0/lower_bond0.7',
      'br0/lower_tap0',
      'bond0.7/lower_bond0',
      'bond0/lower_ens3',
      'bond0/lower_ens4',
    ];
    for (const path of ['ens4/device', ...stack, 'br1/lower_tap0'])
      mkdirSync(join(root, 'sys/class/net', path), { recursive: true });

    const { networks } = await createHostMeter({ dataDir: '/', root }).readHost();

    // Beneath br1 there is none that is counted itself.
    expect(networks.map(({ device }) => device)).toEqual(['ens3', 'ens4', 'br1', 'wg0']);
  });

  it('reads what the device of the data directory did', async () => {
    const [major, minor] = execFileSync('stat', ['-c', '%Hd %Ld', '/'], { encoding: 'utf8' }).trim().split(' ');
    write(
      'proc/diskstats',
      ` 999 999 other 1 2 3 4 5 6 7 8 9 10 11\n ${major} ${minor} vda 1 2 30 4 5 6 70 8 9 10 11\n`,
    );

    const { dataDevice } = await createHostMeter({ dataDir: '/', root }).readHost();

    expect(dataDevice).toEqual({ readBytes: 30 * 512, writtenBytes: 70 * 512, reads: 1, writes: 5 });
  });

  it('has nothing of what the kernel does not tell', async () => {
    expect(await createHostMeter({ dataDir: '/', root }).readHost()).toMatchObject({
      cpuMs: null,
      dataDevice: null,
      networks: [],
    });
  });

  it('reads what this process takes', async () => {
    const reading = await createHostMeter({ dataDir: '/' }).readProcess();

    expect(reading.cpuMs.user).toBeGreaterThan(0);
    expect(reading.residentBytes).toBeGreaterThan(reading.heapBytes);
    expect(reading.openFileCount).toBeGreaterThan(3);
    expect(reading.maxOpenFileCount).toBeGreaterThan(reading.openFileCount ?? 0);
    expect(reading.startedAt).toBeLessThan(Date.now());
    expect(reading.loopActiveMs).toBeGreaterThan(0);
    expect(reading.loopActiveMs).toBeLessThan(Date.now() - reading.startedAt);
  });
});

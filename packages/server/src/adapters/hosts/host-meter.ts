import { existsSync, readdirSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { CPU_MODES, type CpuMode, type HostMeter, type HostReading } from '../../ports/host-meter.ts';
import { nearestExisting } from './host-probe.ts';
import { type HostMemory, readMemory } from './memory.ts';

/** A tick of `/proc/stat`, milliseconds: `USER_HZ` is 100 everywhere. */
const TICK_MS = 10;
/** Of `/proc/diskstats`, whatever the device has. */
const SECTOR_BYTES = 512;

export interface HostMeterDeps {
  /** Whose file system and device are read. Need not be there yet. */
  readonly dataDir: string;
  /** The root of `/proc` and `/sys`, for tests. */
  readonly root?: string;
}

/** Reads `/proc` and `/sys` of this Linux machine, and what Node.js knows of its own process. */
export function createHostMeter({ dataDir, root = '' }: HostMeterDeps): HostMeter {
  const startedAt = Date.now() - process.uptime() * 1_000;

  return {
    async readHost() {
      const path = nearestExisting(dataDir);
      const disk = statfsSync(path);
      return {
        cpuMs: readCpu(root),
        memory: memoryOf(readMemory(root)),
        dataDisk: { sizeBytes: disk.blocks * disk.bsize, availableBytes: disk.bavail * disk.bsize },
        dataDevice: readDevice(root, statSync(path).dev),
        networks: readNetworks(root),
      };
    },
    async readProcess() {
      const { user, system } = process.cpuUsage();
      const { rss, heapUsed } = process.memoryUsage();
      return {
        cpuMs: { user: user / 1_000, system: system / 1_000 },
        ...{ residentBytes: rss, heapBytes: heapUsed, startedAt },
        openFileCount: readdirSync('/proc/self/fd').length,
        maxOpenFileCount: readOpenFileLimit(),
        loopActiveMs: performance.eventLoopUtilization().active,
      };
    },
  };
}

function memoryOf({ totalBytes: sizeBytes, ...rest }: HostMemory): HostReading['memory'] {
  return sizeBytes === 0 ? null : { sizeBytes, ...rest };
}

/** The first line of `/proc/stat` (proc(5)): what kernels of long ago do not count is not there. */
function readCpu(root: string): HostReading['cpuMs'] {
  const text = /^cpu +([\d ]+)$/m.exec(textOf(`${root}/proc/stat`))?.[1];
  const ticks = text?.trim().split(/ +/).map(Number) ?? [];
  if (ticks.length < CPU_MODES.length) return null;
  const of = (mode: CpuMode): number => (ticks[CPU_MODES.indexOf(mode)] ?? 0) * TICK_MS;
  return {
    ...{ user: of('user'), nice: of('nice'), system: of('system'), idle: of('idle') },
    ...{ iowait: of('iowait'), irq: of('irq'), softirq: of('softirq'), steal: of('steal') },
  };
}

/** Its line in `/proc/diskstats` (Linux: iostats.rst); file systems without a device of their own have none. */
function readDevice(root: string, device: number): HostReading['dataDevice'] {
  // As glibc's gnu_dev_major and gnu_dev_minor have it, for what fits into 32 bits.
  const [major, minor] = [(device >>> 8) & 0xfff, (device & 0xff) | ((device >>> 12) & 0xfff00)];
  for (const line of textOf(`${root}/proc/diskstats`).split('\n')) {
    const fields = line.trim().split(/ +/);
    if (Number(fields[0]) !== major || Number(fields[1]) !== minor) continue;
    const of = (at: number): number => Number(fields[at]);
    return {
      ...{ reads: of(3), readBytes: of(5) * SECTOR_BYTES },
      ...{ writes: of(7), writtenBytes: of(9) * SECTOR_BYTES },
    };
  }
  return null;
}

function readNetworks(root: string): HostReading['networks'] {
  const routed = routedDevices(root);
  // Not those of VMs and containers, which come and go: what goes by them is theirs.
  const joins = (device: string): boolean => routed.has(device) || existsSync(`${root}/sys/class/net/${device}/device`);
  // What goes by a bridge or a bond goes by the devices beneath it too, and is counted there.
  const isCounted = (device: string): boolean => joins(device) && !devicesBeneath(root, device).some(joins);
  return textOf(`${root}/proc/net/dev`)
    .split('\n')
    .flatMap((line) => {
      const [, device = '', figures = ''] = /^\s*([^\s:]+):\s*(.*)$/.exec(line) ?? [];
      const fields = figures.trim().split(/\s+/).map(Number);
      const [receivedBytes, receivedPackets, , , , , , , sentBytes, sentPackets] = fields;
      if (receivedBytes === undefined || receivedPackets === undefined) return [];
      if (sentBytes === undefined || sentPackets === undefined) return [];
      if (!isCounted(device)) return [];
      return [{ device, receivedBytes, sentBytes, receivedPackets, sentPackets }];
    });
}

const LOWER = 'lower_';

/** Those that it is stacked on, down to the lowest: the ports of a bridge, the members of a bond, the device of a VLAN (Linux: sysfs-class-net). */
function devicesBeneath(root: string, device: string): readonly string[] {
  const directory = `${root}/sys/class/net/${device}`;
  const next = existsSync(directory)
    ? readdirSync(directory).flatMap((name) => (name.startsWith(LOWER) ? [name.slice(LOWER.length)] : []))
    : [];
  return next.flatMap((lower) => [lower, ...devicesBeneath(root, lower)]);
}

/** Those by which a default route leads; of IPv6 the unreachable one of the loopback does not count. */
function routedDevices(root: string): ReadonlySet<string> {
  const rows = (path: string): readonly (readonly string[])[] =>
    textOf(path)
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
  const v4 = rows(`${root}/proc/net/route`).flatMap(([device, target, , , , , , mask]) =>
    device !== undefined && target === '00000000' && mask === '00000000' ? [device] : [],
  );
  const v6 = rows(`${root}/proc/net/ipv6_route`).flatMap((row) => {
    const [device, isDefault] = [row[9], /^0+$/.test(row[0] ?? '-') && row[1] === '00'];
    return device !== undefined && isDefault && device !== 'lo' ? [device] : [];
  });
  return new Set([...v4, ...v6]);
}

function readOpenFileLimit(): number | null {
  const limit = /^Max open files +(\d+)/m.exec(textOf('/proc/self/limits'))?.[1];
  return limit === undefined ? null : Number(limit);
}

/** Empty where the kernel has no such file. */
function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

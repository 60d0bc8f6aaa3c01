import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export interface Hardware {
  readonly cpu: string;
  readonly cpuCount: number;
  readonly memoryMib: number;
  readonly kernel: string;
  readonly distribution: string;
  readonly node: string;
  readonly qemu: string;
}

/** What the figures were measured on. */
export function describeHardware(): Hardware {
  const osRelease = readFileSync('/etc/os-release', 'utf8');
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cpuCount: cpus().length,
    memoryMib: Math.round(totalmem() / 1024 / 1024),
    kernel: release(),
    distribution: /^PRETTY_NAME="(.*)"$/m.exec(osRelease)?.[1] ?? 'unknown',
    node: process.version,
    qemu: execFileSync('qemu-system-x86_64', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? 'unknown',
  };
}

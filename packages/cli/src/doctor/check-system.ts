import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { formatBytes } from '../output/format.ts';
import { type Check, type Finding, fine } from './check.ts';

const MIB = 1024 * 1024;
/** One small VM with its VMM, and the server. */
const LEAST_MEMORY_BYTES = 512 * MIB;

/** The operating system and the processor: the guest image is Debian for x86-64. */
export const checkSystem: Check = async () => [await findSystem(), findProcessor(), findNode()];

/** Memory that could be given to VMs now. */
export const checkMemory: Check = async () => {
  const available = await availableMemoryBytes();
  const detail = `${formatBytes(available)} free of ${formatBytes(totalmem())}`;
  if (available >= LEAST_MEMORY_BYTES) return [fine('memory', 'Memory', detail)];
  return [
    {
      id: 'memory',
      title: 'Memory',
      status: 'warn',
      detail,
      fix: 'a small VM takes 256 MiB: end programs that you do not need',
    },
  ];
};

async function findSystem(): Promise<Finding> {
  const id = 'system';
  const title = 'System';
  if (process.platform !== 'linux') {
    return {
      id,
      title,
      status: 'fail',
      detail: process.platform,
      fix: 'VMs run on Linux: run the server there, and use it from here with --url',
    };
  }
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return fine(id, title, /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? 'Linux');
}

function findProcessor(): Finding {
  if (process.arch === 'x64') return fine('processor', 'Processor', 'x86-64');
  const fix = 'the guest image is for x86-64, which is only emulated here: take an x86-64 machine';
  return { id: 'processor', title: 'Processor', status: 'fail', detail: process.arch, fix };
}

function findNode(): Finding {
  return fine('node', 'Node.js', `${process.version} (${process.execPath})`);
}

async function availableMemoryBytes(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const inMachine = Number(/^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  const inGroup = process.availableMemory(); // knows the limits of a container
  return Math.min(inMachine, inGroup);
}

import { readFileSync } from 'node:fs';

/** Resident memory of a process. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** User and system time, ticks of 10 ms; the fields after the last parenthesis (proc(5)). */
export function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** The same of its children that have ended. */
export function endedChildrenCpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[13]) + Number(fields[14]);
}

/** Memory of a process, where what it shares with others counts in parts: its proportional set size. */
export function proportionalMib(pid: number): number {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** What a process has for itself of the memory of the guest that it was restored from: pages that it has written. */
export function privateGuestMib(pid: number): number {
  const smaps = readFileSync(`/proc/${pid}/smaps`, 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const kib = smaps
    .filter((mapping) => /\/memory( \(deleted\))?$/m.test(mapping.split('\n', 1)[0] ?? ''))
    .map((mapping) => Number(/^Anonymous:\s+(\d+) kB$/m.exec(mapping)?.[1] ?? 0));
  if (kib.length === 0) throw new Error('the process maps no saved memory');
  return kib.reduce((sum, each) => sum + each, 0) / 1024;
}

/** What the host has for new processes without swapping. */
export function availableMib(): number {
  const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return Number(kib) / 1024;
}

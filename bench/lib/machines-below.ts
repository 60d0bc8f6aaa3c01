import { readdirSync, readlinkSync } from 'node:fs';

/** Processes that work in a directory below this one: the VMMs of its VMs. */
export function machinesBelow(dataDir: string): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => cwdOf(pid).startsWith(`${dataDir}/`));
}

function cwdOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // It has ended.
    return '';
  }
}

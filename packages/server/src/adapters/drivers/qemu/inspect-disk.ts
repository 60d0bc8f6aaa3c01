import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { DiskState } from '../../../ports/driver.ts';
import { unlessAbsent } from '../../shared/read-facts.ts';
import { readDiskOrigin } from './disk-origin.ts';
import type { VmDirectory } from './vm-directory.ts';

/** What is there of the VM besides its machine. */
export async function inspectDisk(directory: VmDirectory): Promise<DiskState> {
  if (await hasDisk(directory)) {
    return { kind: 'present', imageDigest: (await readDiskOrigin(directory))?.imageDigest ?? null };
  }
  return { kind: existsSync(directory.path) ? 'remnants' : 'absent' };
}

/** True when the VM's disk is complete. */
export async function hasDisk(directory: VmDirectory): Promise<boolean> {
  const file = await stat(directory.diskPath).catch(unlessAbsent);
  return file?.isFile() === true;
}

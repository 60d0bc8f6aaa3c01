import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VmId } from '../../../domain/ids.ts';
import { replaceFile } from '../../shared/replace-file.ts';
import { fieldsOf } from './engine/containers.ts';

/** What is kept of a container's present life, since the engine does not: written before it is started, removed when it has been ended. */
export interface MachineRecord {
  readonly version: 1;
  readonly incarnation: number;
  /** When the container had last been started before; while it still says so, this life has not begun. */
  readonly startedBefore: string;
  /** The secret that begins a session with its agent, hexadecimal. */
  readonly linkKey: string;
  /** What was asked for; no engine bounds it. */
  readonly diskGib: number;
}

export interface MachineRecords {
  read(vmId: VmId): Promise<MachineRecord | null>;
  write(vmId: VmId, record: MachineRecord): Promise<void>;
  /** Absent is fine. */
  remove(vmId: VmId): Promise<void>;
}

export function createMachineRecords(dataDir: string): MachineRecords {
  const directory = join(dataDir, 'docker');
  const pathOf = (vmId: VmId): string => join(directory, `${vmId}.json`);
  return {
    async read(vmId) {
      const text = await readFile(pathOf(vmId), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      return parse(text);
    },
    async write(vmId, record) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await replaceFile(pathOf(vmId), JSON.stringify(record), { mode: 0o600 });
    },
    remove: (vmId) => rm(pathOf(vmId), { force: true }),
  };
}

/** One that a loss of power has emptied is none: the container that it was of is then one of no known life, and ended. */
function parse(text: string): MachineRecord | null {
  if (text === '') return null;
  const value = fieldsOf(JSON.parse(text));
  const { version, incarnation, startedBefore, linkKey, diskGib } = value;
  const isWhole =
    version === 1 &&
    typeof incarnation === 'number' &&
    typeof startedBefore === 'string' &&
    typeof linkKey === 'string' &&
    typeof diskGib === 'number';
  return isWhole ? { version, incarnation, startedBefore, linkKey, diskGib } : null;
}

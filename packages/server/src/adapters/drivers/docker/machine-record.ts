import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VmId } from '../../../domain/ids.ts';
import { integer, type Of, oneOf, record, text } from '../../../lib/shape.ts';
import { readFacts, valueIn } from '../../shared/read-facts.ts';
import { replaceFile } from '../../shared/replace-file.ts';

const RECORD = record({
  version: oneOf(1),
  incarnation: integer(1),
  /** When the container had last been started before; while it still says so, this life has not begun. */
  startedBefore: text,
  /** The secret that begins a session with its agent, hexadecimal. */
  linkKey: text,
  /** What was asked for; no engine bounds it. */
  diskGib: integer(1),
});

/** What is kept of a container's present life, since the engine does not: written before it is started, removed when it has been ended. */
export type MachineRecord = Of<typeof RECORD>;

export interface MachineRecords {
  /** Null: there is none, or nobody can tell what it says. Throws `unavailable` host.file_unreadable. */
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
      // Emptied by a loss of power, or damaged, it is none: the container that it was of is then one of no known life, and ended.
      return valueIn(await readFacts(pathOf(vmId), RECORD));
    },
    async write(vmId, written) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await replaceFile(pathOf(vmId), JSON.stringify(written), { mode: 0o600 });
    },
    remove: (vmId) => rm(pathOf(vmId), { force: true }),
  };
}

import { FULL_DISK_GIB } from '../../domain/host/host.ts';
import type { EngineDeps } from '../deps.ts';

/** Whether the disk that holds everything has room for anything. */
export interface DiskSpace {
  /** Looks at the disk now. */
  look(): Promise<void>;
  /** A sentence while the disk is as good as full, else null; as of the last look. */
  whyFull(): string | null;
}

/** A server whose disk is full keeps what it has, refuses what would have to be written, and says so until there is space again. */
export function createDiskSpace({ hostProbe, log }: Pick<EngineDeps, 'hostProbe' | 'log'>): DiskSpace {
  let isFull = false;
  return {
    async look() {
      const { diskAvailableGib } = await hostProbe.measure();
      const wasFull = isFull;
      isFull = diskAvailableGib < FULL_DISK_GIB;
      if (isFull && !wasFull) log.error('the disk that holds the data is full', { diskAvailableGib });
      if (wasFull && !isFull) log.info('the disk that holds the data has space again', { diskAvailableGib });
    },
    whyFull: () =>
      isFull ? 'The disk that holds the data is full: nothing can be stored until there is space.' : null,
  };
}

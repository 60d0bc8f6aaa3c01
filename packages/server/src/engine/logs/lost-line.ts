import type { GuestOutput, NewLogLine } from '../../domain/logs/log-line.ts';

/** Says in the log what was not taken of a VM that is deleted. `bytes` null: nobody knows how much that is. */
export function lostLine(
  about: Pick<GuestOutput, 'at' | 'source' | 'vmId' | 'owner' | 'executionId'>,
  bytes: number | null,
): NewLogLine {
  const what = bytes === null ? 'Output is' : `${bytes} bytes of output are`;
  return {
    ...about,
    ...{ level: 'warn', operationId: null, marks: ['gap'], fields: bytes === null ? {} : { missing_bytes: bytes } },
    message: `${what} missing here: the VM was deleted before all of it was taken.`,
  };
}

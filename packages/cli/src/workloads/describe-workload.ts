import type { WorkloadStatus } from '@volary/contract';

/** How it is, in a few words: `waiting, exited with 3`. */
export function describeWorkload({ state, last_exit_code, last_signal, message }: WorkloadStatus): string {
  const exit = last_exit_code === null ? null : `exited with ${last_exit_code}`;
  const ended = last_signal === null ? exit : `ended by ${last_signal}`;
  // Of one that runs, how the run before it ended is history.
  return [state, state === 'running' ? null : ended, message].filter((part) => part !== null).join(', ');
}

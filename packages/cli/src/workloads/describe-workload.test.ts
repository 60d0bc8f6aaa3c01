import type { WorkloadStatus } from '@volary/contract';
import { expect, it } from 'vitest';
import { describeWorkload } from './describe-workload.ts';

const STATUS: WorkloadStatus = {
  ...{ execution_id: null, state: 'waiting', runs: 2, last_exit_code: null, last_exit_at: null, last_signal: null },
  message: null,
};

it('says how the last run ended of one that does not run, and not of one that does', () => {
  expect(describeWorkload({ ...STATUS, last_exit_code: 3 })).toBe('waiting, exited with 3');
  expect(describeWorkload({ ...STATUS, last_signal: 'SIGTERM' })).toBe('waiting, ended by SIGTERM');
  expect(describeWorkload({ ...STATUS, state: 'running', last_signal: 'SIGTERM' })).toBe('running');
  expect(describeWorkload({ ...STATUS, state: 'running', last_exit_code: 1 })).toBe('running');
});

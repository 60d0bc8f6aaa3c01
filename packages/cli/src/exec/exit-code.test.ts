import type { Execution } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { exitCodeOf } from './exit-code.ts';

const EXITED: Execution = {
  id: 'exec_01k00000000000000000000000',
  vm_id: 'vm_01k00000000000000000000000',
  incarnation: 1,
  argv: ['true'],
  cwd: '',
  user: '',
  tty: null,
  has_stdin: false,
  timeout_ms: 0,
  state: 'exited',
  exit_code: 0,
  signal: null,
  timed_out: false,
  error: null,
  stdout_bytes: 0,
  stderr_bytes: 0,
  stdout_dropped_bytes: 0,
  stderr_dropped_bytes: 0,
  truncated: false,
  is_workload: false,
  principal: 'admin',
  owner: 'admin',
  created_at: '2026-01-31T12:00:00.000Z',
  started_at: '2026-01-31T12:00:00.000Z',
  completed_at: '2026-01-31T12:00:00.000Z',
  duration_ms: 0,
};

describe('the exit code of exec', () => {
  it.each([
    [{ exit_code: 0 }, 0],
    [{ exit_code: 7 }, 7],
    [{ exit_code: 127 }, 127],
    [{ exit_code: null, signal: 'SIGKILL' }, 137],
    [{ exit_code: null, signal: 'SIGTERM' }, 143],
    [{ exit_code: null, signal: 'SIGRTMIN+3' }, 128 + 37],
    [{ exit_code: null, signal: 'SIGKILL', timed_out: true }, 124],
  ])('%j ends with %i', (facts, code) => {
    expect(exitCodeOf({ ...EXITED, ...facts })).toBe(code);
  });

  it.each([
    [{ state: 'failed', exit_code: null, error: 'There is no user nobody-here.' } as const, 'no user'],
    [{ state: 'lost', exit_code: null } as const, 'ended under'],
  ])('%j is a failure of ours, told with 125', (facts, words) => {
    expect(() => exitCodeOf({ ...EXITED, ...facts })).toThrow(words);
  });
});

import { expect, test } from 'vitest';
import { endOf, isHint, runStateOf } from './machine-end.ts';

const PANIC = 'Kernel panic - not syncing: sysrq triggered crash\nCPU: 0 PID: 1 Comm: init\nCall Trace:\n <TASK>\n';

test('a running or halted machine is told by its status alone', () => {
  expect(runStateOf('running', null, '')).toEqual({ kind: 'running' });
  for (const status of ['paused', 'prelaunch', 'suspended'])
    expect(runStateOf(status, null, '')).toEqual({ kind: 'paused' });
  expect(runStateOf('postmigrate', null, '')).toEqual({ kind: 'other', status: 'postmigrate' });
});

test('an event that was seen says whether a shutdown was a reboot', () => {
  const end = endOf({ event: 'SHUTDOWN', data: { guest: true, reason: 'guest-reset' } });

  expect(end).toEqual({ cause: 'rebooted' });
  expect(runStateOf('shutdown', end, '')).toEqual({ kind: 'ended', end });
});

test('without the event the console says it', () => {
  const cause = (tail: string) => runStateOf('shutdown', null, tail);

  expect(cause('[1.5] reboot: Restarting system\n')).toEqual({ kind: 'ended', end: { cause: 'rebooted' } });
  expect(cause('[1.5] reboot: Power down\n')).toEqual({ kind: 'ended', end: { cause: 'powered-off' } });
  expect(cause('')).toEqual({ kind: 'ended', end: { cause: 'powered-off' } });
});

test('a kernel that panicked before it had a driver for the panic device has not rebooted', () => {
  const end = { cause: 'panicked', detail: 'Kernel panic - not syncing: sysrq triggered crash' };

  expect(runStateOf('shutdown', { cause: 'rebooted' }, PANIC)).toEqual({ kind: 'ended', end });
  expect(runStateOf('guest-panicked', null, PANIC)).toEqual({ kind: 'ended', end });
});

test('words about a panic before an orderly end are only words', () => {
  const tail = `echo ${PANIC}\nreboot: Restarting system\n`;

  expect(runStateOf('shutdown', null, tail)).toEqual({ kind: 'ended', end: { cause: 'rebooted' } });
});

test('a panic is one also where the console says nothing', () => {
  expect(runStateOf('guest-panicked', null, '')).toMatchObject({
    end: { cause: 'panicked', detail: expect.any(String) },
  });
});

test('a shutdown that we asked for is no end of its own', () => {
  expect(endOf({ event: 'SHUTDOWN', data: { guest: false, reason: 'host-qmp-quit' } })).toBeNull();
  expect(endOf({ event: 'STOP', data: undefined })).toBeNull();
});

test('what changes a machine is a hint', () => {
  expect(isHint({ event: 'GUEST_PANICKED', data: undefined })).toBe(true);
  expect(isHint({ event: 'VSERPORT_CHANGE', data: undefined })).toBe(false);
});

import { expect, test } from 'vitest';
import { createBook } from '../book.ts';
import { checkAlerts, createAlertLines } from './alerts.ts';
import { type CheckedBatch, checkBatches } from './batches.ts';
import { whyNotScaled } from './deployments.ts';
import { compareLines } from './log-lines.ts';
import { checkVmNetworks } from './vm-networks.ts';

const [AT, LATER] = ['2026-01-31T12:00:00.000Z', '2026-01-31T12:00:01.000Z'];
const EVENTS = [
  { type: 'vm.created', subject: 'vm_1', at: AT },
  { type: 'vm.started', subject: 'vm_1', at: LATER },
] as const;
const LINES = EVENTS.map(({ type, subject, at }) => ({ timestamp: at, fields: { event: type, subject } }));

test('the comparison of the log finds events without a line, and with two', () => {
  expect(compareLines(EVENTS, LINES)).toEqual({ missing: [], doubled: [] });
  expect(compareLines(EVENTS, LINES.slice(1)).missing).toEqual([`${AT} vm.created vm_1`]);
  expect(compareLines(EVENTS, [...LINES, ...LINES.slice(1)]).doubled).toEqual([`${LATER} vm.started vm_1 (2 lines)`]);
  expect(compareLines(EVENTS.slice(1), LINES)).toEqual({ missing: [], doubled: [] });
});

test('the comparison of alerts finds those of VMs that are gone or at rest, and those that fire twice', () => {
  const alert = { id: 'alert_1', kind: 'cpu', vm_id: 'vm_1', vm_name: 'c1' } as const;
  const vms = [{ id: 'vm_1', phase: 'running' }] as const;

  expect(checkAlerts([alert], vms)).toEqual([]);
  expect(checkAlerts([alert], [])).toEqual(['cpu fires for c1, which is gone: alert_1']);
  expect(checkAlerts([alert], [{ id: 'vm_1', phase: 'stopped' }])).toEqual([
    'cpu fires for c1, which is stopped: alert_1',
  ]);
  expect(checkAlerts([alert, { ...alert, id: 'alert_2' }], vms)).toEqual(['cpu fires twice for c1: alert_2']);
});

test('an alert fires once, and is resolved once after that', () => {
  const { follow } = createAlertLines();

  expect(follow({ type: 'alert.fired', subject: 'alert_1' })).toBeNull();
  expect(follow({ type: 'alert.resolved', subject: 'alert_1' })).toBeNull();
  expect(follow({ type: 'alert.resolved', subject: 'alert_1' })).toBe('it was resolved before');
  expect(follow({ type: 'alert.fired', subject: 'alert_1' })).toBe('it was resolved before');
  expect(follow({ type: 'alert.resolved', subject: 'alert_2' })).toBe('it was not there before');
  expect(follow({ type: 'vm.created', subject: 'vm_1' })).toBeNull();
});

test('the comparison of batches finds items without an end, operations without one, and what was made and is lost', () => {
  const book = createBook();
  book.vms.push({ name: 'c1', id: null, creation: 'asked', deletion: null });
  const made = { action: 'create', name: 'c1', state: 'succeeded', operation_id: 'op_1' };
  const check = (
    items: readonly object[],
    {
      state = 'succeeded',
      names = ['c1'],
      ended = ['op_1'],
    }: { state?: CheckedBatch['state']; names?: string[]; ended?: string[] } = {},
  ): string =>
    checkBatches(book, [{ id: 'op_0', kind: 'vm.batch', state, result: JSON.parse(JSON.stringify({ items })) }], {
      names,
      hasEnded: (id) => ended.includes(id),
    }).join('\n');

  expect(check([made])).toBe('');
  expect(check([{ ...made, state: 'failed' }], { state: 'failed', names: [] })).toBe('');
  expect(check([])).toContain('tells of no items');
  expect(check([{ ...made, state: 'running' }])).toContain('create c1 of the batch op_0 is running');
  expect(check([made], { ended: [] })).toContain('create c1 of op_0 has no end: op_1');
  expect(check([made], { names: [] })).toContain('made c1, which is lost');
  expect(check([made], { state: 'failed' })).toContain('has failed, and its items succeeded');
});

test('the comparison of what VMs may reach finds what nobody asked for', () => {
  const book = createBook();
  const place = { isBusy: false, egress: ['deny', 'allow'] };
  book.vms.push({ name: 'c1', id: null, creation: 'accepted', deletion: null, place });

  expect(checkVmNetworks(book, [{ name: 'c1', network: { egress: 'allow' } }])).toEqual([]);
  expect(place.egress).toEqual(['allow']);
  expect(checkVmNetworks(book, [{ name: 'c1', network: { egress: 'deny' } }])).toEqual([
    'egress of c1 is deny and was asked to be allow',
  ]);
  expect(checkVmNetworks(book, [{ name: 'd1-1', network: { egress: 'deny' } }])).toEqual([]);
});

test('a deployment that scales by itself has come to what its load makes of it', () => {
  const book = createBook();
  const entry = { name: 'd1', creation: 'accepted', deletion: null, isBusy: false, replicas: [1], target: 1 } as const;
  book.deployments.push({ ...entry, replicas: [1], isPaused: [false], versions: new Map(), settlesAt: 3 });

  expect(whyNotScaled(book, { name: 'd1', replicas: 1 })).toBe('d1 has 1 replicas, and not 3');
  expect(whyNotScaled(book, { name: 'd1', replicas: 3 })).toBeNull();
  expect(whyNotScaled(book, { name: 'd2', replicas: 1 })).toBeNull();
});

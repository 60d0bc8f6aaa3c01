import { expect, it } from 'vitest';
import { lineOfEvent } from './line-of-event.ts';
import { levelOf } from './log-line.ts';
import { phrasesOf } from './log-query.ts';

it.each([
  ['2026-01-31T12:00:00Z ERROR it broke', 'error'],
  ['[warn] low', 'warn'],
  ['ts=1 level=debug msg=x', 'debug'],
  ['{"severity": "CRITICAL"}', 'error'],
  ['no errors at all', 'info'],
  [`${'x'.repeat(200)} ERROR far behind`, 'info'],
])('%j is of the level that it names', (message, level) => {
  expect(levelOf(message, 'stdout')).toBe(level);
});

it.each([
  ['alert.fired', {}, 'warn'],
  ['alert.resolved', {}, 'info'],
  ['vm.health_changed', { from: 'healthy', to: 'unhealthy' }, 'warn'],
  ['vm.health_changed', { from: 'unhealthy', to: 'healthy' }, 'info'],
  ['operation.failed', {}, 'error'],
] as const)('%s with %j is a line of the level %s', (type, data, level) => {
  const about = { at: 0, sequence: 1, subject: 'vm_1', vmId: null, owner: 'admin', operationId: null };

  expect(lineOfEvent({ ...about, type, data }).level).toBe(level);
});

it('has the words of each part follow one another, and means nothing else', () => {
  expect(phrasesOf('user=42 "AND x*')).toEqual([['user', '42'], ['AND'], ['x']]);
  expect(phrasesOf(' -- * ')).toBeNull();
});

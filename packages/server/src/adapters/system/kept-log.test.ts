import { expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { NewLogLine } from '../../domain/logs/log-line.ts';
import { createKeptLog } from './kept-log.ts';
import { createPinoLog } from './pino-log.ts';
import { createSystemClock } from './system-clock.ts';

function keeping(append: (lines: readonly NewLogLine[]) => Promise<number>) {
  const written: string[] = [];
  const log = createPinoLog({ level: 'info', stream: { write: (text: string) => written.push(text) } });
  return { written, ...createKeptLog({ log, logs: { append }, clock: createSystemClock(), kept: () => undefined }) };
}

it('keeps what is written out, with what it is about, without secrets', async () => {
  const lines: NewLogLine[] = [];
  const kept = keeping(async (more) => lines.push(...more));

  kept.log.child({ vmId: 'vm_1' }).warn('it broke', { password: 'x', error: new Error('why') });
  kept.log.debug('a detail');
  await kept[Symbol.asyncDispose]();

  expect(kept.written).toHaveLength(1);
  expect(lines).toEqual([
    expect.objectContaining({ source: 'server', level: 'warn', message: 'it broke', vmId: 'vm_1', owner: null }),
  ]);
  expect(lines[0]?.fields).toMatchObject({ password: '[hidden]', error: { message: 'why' } });
});

it('goes on when lines could not be kept, and tells how many those were', async () => {
  const lines: NewLogLine[] = [];
  let isFull = true;
  const kept = keeping(async (more) => {
    if (isFull) throw new VolaryError('unavailable', 'full', { reason: 'logs.unavailable' });
    return lines.push(...more);
  });
  for (let at = 0; at < 10; at++) kept.log.info('lost');
  await new Promise((resolve) => setImmediate(resolve));
  isFull = false;
  kept.log.info('kept');

  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(2);

  expect(lines.map(({ message, fields, marks }) => [message, fields, marks])).toEqual([
    ['kept', {}, []],
    [expect.stringContaining('10 lines'), { missing_lines: 10 }, ['gap']],
  ]);
  await kept[Symbol.asyncDispose]();
});

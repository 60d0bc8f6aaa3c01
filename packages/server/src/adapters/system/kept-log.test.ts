import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { NewLogLine } from '../../domain/logs/log-line.ts';
import { createManualClock } from '../shared/manual-clock.ts';
import { createKeptLog } from './kept-log.ts';
import { createPinoLog } from './pino-log.ts';
import { createSystemClock } from './system-clock.ts';

function keeping(append: (lines: readonly NewLogLine[]) => Promise<number>, clock = createSystemClock()) {
  const written: string[] = [];
  const log = createPinoLog({ level: 'info', stream: { write: (text: string) => written.push(text) } });
  return { written, ...createKeptLog({ log, logs: { append }, clock, kept: () => undefined }) };
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

describe('while lines cannot be kept', () => {
  const clock = createManualClock();
  const full = new VolaryError('unavailable', 'full', { reason: 'logs.unavailable' });
  let fault: Error | null = full;
  let lines: NewLogLine[] = [];
  let kept: ReturnType<typeof keeping>;
  beforeEach(() => {
    fault = full;
    lines = [];
    kept = keeping(async (more) => {
      if (fault !== null) throw fault;
      return lines.push(...more);
    }, clock);
  });
  afterEach(async () => {
    await kept[Symbol.asyncDispose]();
  });

  /** A second in which so many lines come. */
  async function second(count: number): Promise<void> {
    for (let at = 0; at < count; at++) kept.log.info('a line');
    await clock.advance(1_000);
  }
  const marked = () => lines.filter(({ marks }) => marks.length > 0).map(({ fields, marks }) => [fields, marks]);

  it('they wait', async () => {
    for (let at = 0; at < 5; at++) await second(10);
    fault = null;
    await second(1);

    expect(lines.map(({ message }) => message)).toEqual(Array.from({ length: 51 }, () => 'a line'));
    expect(marked()).toEqual([]);
  });

  it('it is told how many found no room, however often it was tried', async () => {
    await second(2_005);
    await second(3);
    fault = null;
    await second(0);
    await second(1);

    expect(lines).toHaveLength(2_002);
    expect(lines.at(-2)?.message).toMatch(/^8 lines/);
    expect(marked()).toEqual([[{ missing_lines: 8 }, ['gap']]]);
  });

  it('those that the log would never take keep no others', async () => {
    fault = new Error('it is no line');
    for (let at = 0; at < 3; at++) await second(10);
    fault = null;
    await second(1);

    expect(lines).toHaveLength(2);
    expect(marked()).toEqual([[{ missing_lines: 30 }, ['gap']]]);
  });
});

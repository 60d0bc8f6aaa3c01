import { PassThrough } from 'node:stream';
import type { Event } from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { lastLines, toSafeText } from './console-text.ts';
import { formatEvent } from './event-line.ts';
import { formatAge, formatBytes, formatDuration, formatPairs } from './format.ts';
import { formatTable } from './table.ts';

describe('what people read', () => {
  it('has pairs on one line, and none as a dash', () => {
    expect(formatPairs({ app: 'web', tier: '' })).toBe('app=web tier=');
    expect(formatPairs({})).toBe('-');
  });

  it.each([
    [0, '0.0 s'],
    [420, '0.4 s'],
    [12_400, '12 s'],
    [185_000, '3 min 05 s'],
    [7_800_000, '2 h 10 min'],
    [500_000_000, '5 d'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [1536, '1.5 KiB'],
    [52_428_800, '50.0 MiB'],
    [322_122_547_200, '300 GiB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('tells an age', () => {
    expect(formatAge('2026-01-31T12:00:00.000Z', Date.parse('2026-01-31T12:00:05.000Z'))).toBe('5.0 s');
    expect(formatAge(null)).toBe('-');
  });

  it('lays out columns without trailing spaces', () => {
    expect(
      formatTable(
        ['NAME', 'X'],
        [
          ['a-long-name', ''],
          ['b', '2'],
        ],
      ),
    ).toBe('NAME          X\na-long-name\nb             2\n');
  });
});

describe("anybody's words", () => {
  const hostile = '\x1b]52;c;cHduCg==\x07a\x1b[2Jb\x00\x9b';

  it('are words in a table', () => {
    const shown = formatTable(['NAME', 'DESCRIPTION'], [['web', hostile]]);

    expect(shown).toBe('NAME   DESCRIPTION\nweb    ab␀␡\n');
  });

  it('leave a phase its colour', () => {
    expect(formatTable(['PHASE'], [['\x1b[32mrunning\x1b[39m']])).toContain('\x1b[32mrunning\x1b[39m');
    expect(formatTable(['PHASE'], [['\x1b[8mrunning\x1b[39m x']])).toBe('PHASE\nrunning x\n');
  });

  it('are words in what an event is about', () => {
    const event: Event = {
      ...{ sequence: 1, at: '2026-01-31T12:00:00.000Z', type: 'vm.failed', subject: hostile, owner: null },
      ...{ vm_id: null, operation_id: null, data: { message: '\x9b2J' } },
    };

    expect(formatEvent(new PassThrough(), event)).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

describe("a guest's words", () => {
  it('do not reach the terminal as commands', () => {
    const hostile = Buffer.from('\x1b]0;title\x07ok\x1b[31m red\x1b[0m\tx\r\n\x07\x7f\x9b5n');
    const shown = toSafeText(hostile);

    expect(shown).toContain('ok red\tx\n');
    expect(Array.from(shown).every((character) => character === '\n' || character === '\t' || character >= ' ')).toBe(
      true,
    );
    expect(shown).not.toContain('\x7f');
  });

  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\n', 5, 'a\n'],
    ['a\nb\n', 0, ''],
    ['', 3, ''],
  ])('%j, the last %i lines', (text, count, expected) => {
    expect(Buffer.from(lastLines(Buffer.from(text), count)).toString()).toBe(expected);
  });
});

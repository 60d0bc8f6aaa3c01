import { PassThrough } from 'node:stream';
import type { LogLine } from '@volary/contract';
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addLogOptions, areOfLog, type LogOptions, toLogSelection } from './log-options.ts';
import { formatLine } from './print-log.ts';

const LINE: LogLine = {
  ...{ sequence: 1, timestamp: '2026-01-31T12:00:00.000Z', level: 'warn', source: 'stderr', message: 'low' },
  ...{ vm_id: null, operation_id: null, execution_id: null, owner: null, fields: {}, marks: [] },
};

it('shows a line on one line, whatever a guest has written', () => {
  const stream = new PassThrough();
  expect(formatLine(stream, LINE)).toBe('2026-01-31T12:00:00.000Z  warn   stderr     low\n');
  const hostile = formatLine(stream, { ...LINE, message: '\u001b]0;title\u0007a\nb', marks: ['truncated'] });
  expect(hostile).not.toContain('\u001b');
  expect(hostile.trimEnd()).not.toContain('\n');
  expect(hostile).toContain('(truncated)');
});

function parse(...argv: readonly string[]): LogOptions {
  const command = addLogOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return command.parse(argv, { from: 'user' }).opts<LogOptions>();
}

it('asks for what its options say', () => {
  const options = parse(
    '--source',
    'stdout,stderr',
    '--level',
    'warn',
    '--grep',
    'a b',
    '--since',
    '2026-01-31T12:00:00Z',
  );

  expect(areOfLog(options)).toBe(true);
  expect(areOfLog(parse())).toBe(false);
  expect(toLogSelection('web', options)).toEqual({
    ...{ vm: 'web', sources: ['stdout', 'stderr'], level: 'warn', search: 'a b', since: '2026-01-31T12:00:00.000Z' },
  });
  expect(toLogSelection('exec_1', parse('--all'))).toEqual({ execution: 'exec_1' });
});

it.each([
  ['--level', 'loud'],
  ['--source', 'radio'],
  ['--since', 'yesterday'],
])('refuses %s %s', (option, value) => {
  expect(() => parse(option, value)).toThrow(/It is|They are/);
});

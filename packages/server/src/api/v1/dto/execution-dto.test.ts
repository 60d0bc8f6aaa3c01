import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VolaryError } from '../../../domain/errors.ts';
import { toExecEvent, toExecRequest } from './execution-dto.ts';

describe('an exec request', () => {
  it('has defaults for all but the command', () => {
    expect(toExecRequest({ argv: ['true'] })).toEqual({
      argv: ['true'],
      env: {},
      cwd: '',
      user: '',
      tty: null,
      hasStdin: false,
      timeoutMs: 0,
    });
  });

  it('runs a line by the shell', () => {
    expect(toExecRequest({ command: 'echo $HOME' }).argv).toEqual(['/bin/sh', '-c', 'echo $HOME']);
  });

  it.each([{}, { argv: ['a'], command: 'b' }])('is refused unless it is told in exactly one way: %j', (body) => {
    expect(() => toExecRequest(body)).toThrow(VolaryError);
  });

  it.each([
    ['', true],
    ['text', true],
    [true, true],
    [false, false],
  ])('with stdin %j has input: %s', (stdin, hasStdin) => {
    expect(toExecRequest({ argv: ['cat'], stdin }).hasStdin).toBe(hasStdin);
  });

  it('has a terminal of the usual size unless it says otherwise', () => {
    expect(toExecRequest({ argv: ['sh'], tty: true }).tty).toEqual({ rows: 24, columns: 80 });
    expect(toExecRequest({ argv: ['sh'], tty: { rows: 2, columns: 3 } }).tty).toEqual({ rows: 2, columns: 3 });
    expect(toExecRequest({ argv: ['sh'], tty: false }).tty).toBeNull();
  });
});

describe('a line of output', () => {
  it('brings any bytes through JSON unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const line = JSON.stringify(toExecEvent({ kind: 'output', stream: 'stdout', offset: 3, bytes }));
        const { data, encoding }: { data: string; encoding: BufferEncoding } = JSON.parse(line);

        expect([...Buffer.from(data, encoding)]).toEqual([...bytes]);
      }),
    );
  });

  it('is text where it is text, a byte order mark included', () => {
    const bytes = Buffer.from('\uFEFFgrüße 🚀\0');

    expect(toExecEvent({ kind: 'output', stream: 'stderr', offset: 0, bytes })).toMatchObject({
      type: 'stderr',
      data: '\uFEFFgrüße 🚀\0',
      encoding: 'utf8',
    });
  });
});

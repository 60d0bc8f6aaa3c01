import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseDestination, shellArgv } from './shell-argv.ts';

describe('the destination of ssh', () => {
  it.each([
    ['first', undefined, { ref: 'first', user: null }],
    ['first', 'nobody', { ref: 'first', user: 'nobody' }],
    ['nobody@first', undefined, { ref: 'first', user: 'nobody' }],
    ['nobody@first', 'nobody', { ref: 'first', user: 'nobody' }],
    ['a@b@first', undefined, { ref: 'first', user: 'a@b' }],
  ])('%s with --login %s is %j', (text, login, destination) => {
    expect(parseDestination(text, login)).toEqual(destination);
  });

  it.each([
    ['', undefined],
    ['@first', undefined],
    ['root@', undefined],
    ['first', ''],
    ['root@first', 'nobody'],
  ])('%j with --login %s is refused', (text, login) => {
    expect(() => parseDestination(text, login)).toThrow(expect.objectContaining({ reason: 'cli.usage' }));
  });
});

describe('the words of ssh', () => {
  function run(words: readonly string[], input: string, directory?: string) {
    const [program = '', ...args] = shellArgv(words, directory);
    const { stdout, status, signal } = spawnSync(program, args, {
      input,
      encoding: 'utf8',
      env: { SHELL: '/bin/bash' },
    });
    return { stdout, status, signal };
  }

  it('are one line for the login shell, with its exit code', () => {
    const outcome = run(['echo', '$BASH_VERSION', '|', 'wc', '-w;', 'cat;', 'exit 7'], 'typed');

    expect(outcome).toEqual({ stdout: '1\ntyped', status: 7, signal: null });
  });

  it('are read where their user is at work, or at home where that is not there', () => {
    expect(run(['pwd'], '', '/usr/share').stdout).toBe('/usr/share\n');
    expect(run([], 'pwd\n', '/usr/share').stdout).toContain('/usr/share\n');
    expect(run(['pwd'], '', '/no/such place').stdout).toBe(`${process.cwd()}\n`);
  });

  it('end by the signal that ends the shell', () => {
    expect(run(['kill -9 $$'], '')).toMatchObject({ status: null, signal: 'SIGKILL' });
  });

  it('are read from the input where there are none, by a login shell', () => {
    expect(run([], 'shopt -q login_shell && echo logged in\n').stdout).toContain('logged in');
  });
});

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../paths.ts';

const MAIN = join(REPOSITORY_ROOT, 'packages/cli/src/main.ts');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-completion-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    writeFileSync(join(directory, shell), spawnSync(process.execPath, [MAIN, 'completion', shell]).stdout);
  }
  // What the script asks for names when they are wanted.
  writeFileSync(
    join(directory, 'volary'),
    '#!/bin/sh\n[ "$*" = "ls -q" ] && echo first && echo second\n[ "$*" = "template ls -q" ] && echo base && echo web\n',
  );
  chmodSync(join(directory, 'volary'), 0o755);
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

describe('completion in bash', () => {
  it.each([
    ['cre', ['create']],
    ['--js', ['--json']],
    ['create --mem', ['--memory']],
    ['stop ', ['first', 'second']],
    ['stop fir', ['first']],
    ['--json stop fir', ['first']],
    ['image ', ['ls', 'import', 'create', 'build', 'update', 'rm', 'prune']],
    ['system ', ['df', 'health', 'prune']],
    ['template ', ['ls', 'get', 'create', 'versions', 'enable', 'disable', 'rm', 'warm']],
    ['template get ', ['base', 'web']],
    ['template disable w', ['web']],
    ['template warm ', ['ls', 'build', 'rm']],
    ['template warm build --mem', ['--memory']],
    ['snapshot ', ['create', 'ls', 'get', 'rm']],
    ['snapshot create fir', ['first']],
    ['snapshot rm ', []],
    ['fork ', ['first', 'second']],
    ['restore sec', ['second']],
    ['create --sna', ['--snapshot']],
    ['webhook re', ['replay']],
    ['webhook create --ty', ['--type']],
    ['cp sec', ['second:']],
    ['exec first -- ', []],
  ])('of "volary %s"', (typed, expected) => {
    const words = ['volary', ...typed.split(' ')];
    const script = `
      source '${directory}/bash'
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
      COMP_CWORD=${words.length - 1}
      compopt() { :; }
      _volary
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', script], {
      encoding: 'utf8',
      cwd: directory,
      env: { PATH: `${directory}:${process.env['PATH'] ?? ''}` },
    });

    expect(stderr).toBe('');
    expect(stdout.split('\n').filter((word) => word !== '' && word !== 'bash')).toEqual(expected);
  });
});

describe.each(['bash', 'zsh', 'fish'])('the script for %s', (shell) => {
  it('is one that the shell understands', ({ skip }) => {
    const { error, status, stderr } = spawnSync(shell, ['-n', join(directory, shell)], { encoding: 'utf8' });
    if (error !== undefined) skip(`there is no ${shell} here`);

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

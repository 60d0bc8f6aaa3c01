import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from './command-table.ts';
import { EXIT_CODE_MEANINGS } from './exit-codes.ts';
import { REPOSITORY_ROOT } from './paths.ts';

const MAIN = join(REPOSITORY_ROOT, 'packages/cli/src/main.ts');
const GUIDE = readFileSync(join(REPOSITORY_ROOT, 'docs/guide/cli.md'), 'utf8');

function volary(...args: readonly string[]): {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

describe('help', () => {
  it('lists every command, with what it takes', () => {
    const { code, stdout } = volary('help');

    expect(code).toBe(0);
    for (const { name, summary } of COMMANDS) {
      expect(stdout.replaceAll(/\s+/g, ' ')).toContain(summary);
      expect(stdout).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
    }
  });

  it('is what a program without words prints', () => {
    expect(volary()).toMatchObject({ code: 0, stderr: '' });
    expect(volary().stdout).toContain('Usage: volary');
  });

  it('explains each of them', () => {
    // One process for all: starting one for each takes longer than all other tests here.
    const program = JSON.stringify(join(REPOSITORY_ROOT, 'packages/cli/src/program.ts'));
    const names = JSON.stringify(COMMANDS.map(({ name }) => name));
    const script = `import { runCli } from ${program}; for (const name of ${names}) await runCli(['help', name], process);`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });

    expect(stderr).toBe('');
    const explained = [...stdout.matchAll(/^Usage: volary (\S+)/gm)].map(([, name]) => name?.split('|')[0]);
    expect(explained).toEqual(COMMANDS.map(({ name }) => name));
  });

  it('explains what is below them, and says where it knows nothing', () => {
    expect(volary('help', 'users', 'create').stdout).toMatch(/^Usage: volary users create /);
    expect(volary('help', 'template', 'warm', 'ls').stdout).toMatch(/^Usage: volary template warm ls/);
    expect(volary('help', 'users', 'fly')).toMatchObject({
      code: 2,
      stderr: 'error: There is no command users fly.\n  → volary help users\n',
    });
  });

  it('says each default once, as it would be typed', () => {
    expect(volary('help', 'wait').stdout).toMatch(/--timeout <time> .*\(default: 5m\)$/m);
    expect(volary('help', 'kill').stdout).toMatch(/--grace <time> .*\s+\(?.*default: 5s\)$/m);
  });

  it('explains the exit codes', () => {
    const { stdout } = volary('help', 'exit-codes');

    for (const [code, meaning] of EXIT_CODE_MEANINGS) {
      const line = stdout.split('\n').find((candidate) => candidate.endsWith(meaning));
      expect(line?.split(/ {2,}/)[0]).toBe(code);
    }
  });
});

describe('the guide', () => {
  it('has every command, as the program describes it', () => {
    const listed = [...GUIDE.matchAll(/^\| `volary (\S+)` \|/gm)].map(([, name]) => name);

    expect(listed).toEqual(COMMANDS.map(({ name }) => name));
    for (const { name, summary } of COMMANDS) expect(GUIDE).toContain(`| \`volary ${name}\` | ${summary} |`);
  });

  it('has every exit code, in the same words', () => {
    for (const [code, meaning] of EXIT_CODE_MEANINGS) expect(GUIDE).toContain(`| ${code} | ${meaning} |`);
  });
});

describe('output that cannot be written', () => {
  it.each([
    [[], 1],
    [['--json'], 1],
  ])('is told of, with %j', (options, code) => {
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'help', ...options], {
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);

    expect(status).toBe(code);
    expect(stderr).toContain('Output cannot be written: no space left on device.');
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('ends with a failure where errors cannot be told either', () => {
    const { status } = spawnSync('sh', ['-c', '"$0" "$1" help >/dev/full 2>&1', process.execPath, MAIN]);

    expect(status).toBe(1);
  });
});

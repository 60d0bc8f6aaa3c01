import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

/*
 * The agent's own tests are C programs, built with the address and undefined-behaviour sanitizers. Each prints a line for
 * each of its tests; these lines become tests here, so that they are counted like all others.
 */

const AGENT = join(dirname(fileURLToPath(import.meta.url)), '..');

interface Ended {
  readonly isOk: boolean;
  readonly output: string;
}

/** Runs a program to its end; what it wrote counts, also where it fails. */
async function run(file: string, ...args: readonly string[]): Promise<Ended> {
  const ended: unknown = await promisify(execFile)(file, args, { cwd: AGENT, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: unknown) => error,
  );
  const text = (key: string) => (typeof ended === 'object' && ended !== null ? String(Reflect.get(ended, key)) : '');
  return { isOk: !(ended instanceof Error), output: `${text('stdout')}${text('stderr')}` };
}

const programs = readdirSync(join(AGENT, 'test')).filter((file) => /^test-.*\.c$/.test(file));
const names = programs.map((file) => file.replace(/\.c$/, ''));

// Others build the agent at the same time, in the same directory: they take turns.
const built = await run('flock', 'Makefile', 'make', '--silent', 'asan', ...names.map((name) => `build/test/${name}`));
if (!built.isOk) throw new Error(`The agent's tests cannot be built:\n${built.output}`);

for (const name of names) {
  const ended = await run(`build/test/${name}`);
  const verdicts = [
    ...ended.output.matchAll(/(?:^ {2}skipped: (?<reason>.+)\n)?^(?<verdict>passed|FAILED|skipped) (?<what>.+)$/gm),
  ];

  describe(name, () => {
    for (const { groups } of verdicts) {
      test(groups?.['what'] ?? '', (context) => {
        if (groups?.['verdict'] === 'skipped') context.skip(groups['reason']);
        expect(groups?.['verdict'], ended.output).toBe('passed');
      });
    }

    test('comes to a good end', () => {
      expect(verdicts.length).toBeGreaterThan(0);
      expect(ended.isOk, ended.output).toBe(true);
    });
  });
}

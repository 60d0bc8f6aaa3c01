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

  describe(name, () => {
    const lines = [...ended.output.matchAll(/^(passed|FAILED|skipped) (.+)$/gm)];

    test.each(lines.map(([, verdict, what]) => ({ verdict, what })))('$what', ({ verdict, what }, context) => {
      if (verdict === 'skipped') context.skip(what ?? '');
      expect(verdict, ended.output).toBe('passed');
    });

    test('comes to a good end', () => {
      expect(lines.length).toBeGreaterThan(0);
      expect(ended.isOk, ended.output).toBe(true);
    });
  });
}

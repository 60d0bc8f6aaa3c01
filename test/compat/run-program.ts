/** Runs the programs of a document's examples, in the language that they are written in. */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import type { Example } from './examples.ts';

export interface Ran {
  readonly code: number | null;
  readonly said: string;
}

export interface Running {
  /** All that it has said so far, of what went wrong too. */
  said(): string;
  hasEnded(): boolean;
  readonly ended: Promise<Ran>;
  /** Ends it, and all that it has started. */
  stop(): Promise<void>;
}

/** Debian's, which has `requests` where its package is there. */
const PYTHON = '/usr/bin/python3';
const REQUESTS = '/usr/lib/python3/dist-packages/requests';

const require = createRequire(import.meta.url);
/** Where what the examples require is found. */
const PACKAGES = dirname(dirname(require.resolve('axios/package.json')));
/** A browser has it, and Node.js has not: the package that brings it there. */
const BROWSER = `globalThis.EventSource = require(${JSON.stringify(require.resolve('eventsource'))}).EventSource;\n`;

/** Why programs of this language cannot be run here; null where they can. */
export function whyNotRun(language: Example['language']): string | null {
  if (language === 'python' && !(existsSync(PYTHON) && existsSync(REQUESTS)))
    return 'Python with requests is not here (Debian: python3-requests)';
  if (language === 'go' && findGo() === null) return 'no Go toolchain is here, and the tests bring none';
  return null;
}

/** Starts it in a folder of its own, in which its files are left. */
export function startProgram(
  { language, script }: Pick<Example, 'language' | 'script'>,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Running {
  const [program, ...args] = commandOf(language, script, folder);
  const env = {
    ...{ PATH: process.env['PATH'], TMPDIR: process.env['TMPDIR'], HOME: folder },
    ...{ NODE_PATH: PACKAGES, ...more },
  };
  const child = spawn(program, args, { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let isOver = false;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject).once('close', (code) => {
      isOver = true;
      resolve({ code, said });
    });
  });
  return {
    said: () => said,
    hasEnded: () => isOver,
    ended,
    async stop() {
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (isRunning && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}

function commandOf(language: Example['language'], script: string, folder: string): readonly [string, ...string[]] {
  const write = (name: string, text = script): string => {
    writeFileSync(join(folder, name), text);
    return name;
  };
  switch (language) {
    case 'bash':
      return ['bash', '-c', script];
    case 'javascript':
      return [process.execPath, '--require', `./${write('browser.cjs', BROWSER)}`, write('example.cjs')];
    case 'typescript':
      return [process.execPath, write('example.ts')];
    case 'python':
      return [PYTHON, write('example.py')];
    case 'go':
      return [findGo() ?? 'go', 'run', write('example.go')];
    default:
      return language satisfies never;
  }
}

function findGo(): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'go')).find((path) => existsSync(path)) ?? null;
}

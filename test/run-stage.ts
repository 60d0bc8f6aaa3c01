import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type FailedFile, parseFailedFile, parseTally, type Tally } from './tally.ts';

/** One part of the check: a program of node_modules, run in the repository's root. */
export interface Stage {
  readonly name: string;
  /** A script for Node.js and its arguments. */
  readonly argv: readonly string[];
  /** `static`: one verdict, heard of only when it fails. `tests`: shown as it goes, ends with a line that is a tally. */
  readonly kind: 'static' | 'tests';
}

export interface StageResult {
  readonly stage: Stage;
  readonly seconds: number;
  readonly isOk: boolean;
  /** What it adds to the total: one for a static stage, as many as there were for tests. */
  readonly tally: Tally;
  /** The test files that failed, as they ended. */
  readonly failedFiles: readonly FailedFile[];
}

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..');

const ONE_PASSED: Tally = { passed: 1, failed: 0, skipped: 0 };
const ONE_FAILED: Tally = { passed: 0, failed: 1, skipped: 0 };

/** Runs a stage to its end and tells of it through `write`. */
export async function runStage(
  stage: Stage,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<StageResult> {
  const started = performance.now();
  write(`==> ${stage.name}\n`);
  const child = spawn(process.execPath, stage.argv, {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = once(child, 'close');

  const lines: string[] = [];
  const failedFiles: FailedFile[] = [];
  let tally: Tally | undefined;
  const take = (line: string) => {
    const failedFile = stage.kind === 'tests' ? parseFailedFile(line) : undefined;
    if (failedFile !== undefined) failedFiles.push(failedFile);
    const found = stage.kind === 'tests' ? parseTally(line) : undefined;
    // Only the last line of the whole check may be a tally, so this one is kept back.
    if (found !== undefined) tally = found;
    else if (stage.kind === 'tests') write(`${line}\n`);
    else lines.push(line);
  };
  await Promise.all([eachLine(child.stdout, take), eachLine(child.stderr, take)]);
  const [exitCode] = await end;

  const isOk = exitCode === 0 && (stage.kind === 'static' || tally !== undefined);
  const seconds = (performance.now() - started) / 1000;
  if (!isOk && lines.length > 0) write(`${lines.join('\n')}\n`);
  write(`    ${isOk ? 'ok' : 'FAILED'} in ${seconds.toFixed(1)} s\n`);
  return { stage, seconds, isOk, tally: tallyOf(tally, isOk), failedFiles };
}

/** Stages write to a pipe: they cannot see whether ours is a terminal, so they are told. */
function environment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _forced, ...env } = process.env;
  const isPlain = !process.stdout.isTTY || env['NO_COLOR'] !== undefined;
  return { ...env, ...(isPlain ? { NO_COLOR: '1' } : { FORCE_COLOR: '1' }) };
}

/** Tests that ended badly without a failed one (none found, the runner died) are one failure. */
function tallyOf(tally: Tally | undefined, isOk: boolean): Tally {
  if (tally === undefined) return isOk ? ONE_PASSED : ONE_FAILED;
  return isOk || tally.failed > 0 ? tally : { ...tally, failed: 1 };
}

async function eachLine(stream: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) take(line);
}

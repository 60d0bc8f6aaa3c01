import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type StartPlace, startWorker } from './log-places.ts';
import { createLogThread } from './log-thread.ts';

let directory: string;
/** Threads that were begun, each until it has ended. */
let ends: Promise<void>[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-logs-'));
  ends = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const start: StartPlace = (options, heard, over) => {
  const ended = Promise.withResolvers<void>();
  ends.push(ended.promise);
  return startWorker(options, heard, (error) => {
    ended.resolve();
    over(error);
  });
};

function threadOf(idleMs: number) {
  return createLogThread({ path: join(directory, 'logs.db'), isWriter: true, start, idleMs }, () => undefined);
}

test('a thread that is asked nothing ends by itself, and another begins with the next question', async () => {
  await using thread = threadOf(20);
  const last = await thread.ask({ kind: 'last' });
  await ends[0];

  expect(await thread.ask({ kind: 'last' })).toBe(last);
  await ends[1];
  expect(ends).toHaveLength(2);
});

test('questions that come while it ends are answered, each once', async () => {
  await using thread = threadOf(0);
  const last = await thread.ask({ kind: 'last' });
  const answers: unknown[] = [];
  for (let round = 0; round < 12; round++) {
    await new Promise((resolve) => setTimeout(resolve, round % 3));
    answers.push(
      ...(await Promise.all([thread.ask({ kind: 'last' }), thread.ask({ kind: 'cursors', prefix: 'nothing:' })])),
    );
  }

  expect(answers).toEqual(Array.from({ length: 12 }, () => [last, []]).flat());
});

test('one that is disposed of while it ends has ended', async () => {
  const thread = threadOf(0);
  await thread.ask({ kind: 'last' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await thread[Symbol.asyncDispose]();

  await Promise.all(ends);
  expect(ends.length).toBeGreaterThan(0);
});

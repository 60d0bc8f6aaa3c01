import { expect, test } from 'vitest';
import { createHintQueue } from './hint-queue.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('merges equal hints, drops the oldest past its bound, and gives the rest before its end', async () => {
  const queue = createHintQueue<number>({ capacity: 3 });

  for (const hint of [1, 2, 2, 3, 4, 1]) queue.push(hint);
  queue.end();
  queue.push(9);

  expect(await collect(queue)).toEqual([3, 4, 1]);
});

test('a reader that waits is woken, by a hint and by an abort', async () => {
  const controller = new AbortController();
  const queue = createHintQueue<string>({ capacity: 3, signal: controller.signal });
  const reader = queue[Symbol.asyncIterator]();

  const next = reader.next();
  queue.push('x');
  expect(await next).toEqual({ done: false, value: 'x' });
  const last = reader.next();
  controller.abort();

  expect((await last).done).toBe(true);
});

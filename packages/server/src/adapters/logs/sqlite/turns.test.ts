import { expect, test } from 'vitest';
import { UNSTOPPED } from '../../../ports/log-store.contract.ts';
import { createTurns } from './turns.ts';

/** Work that notes its name when it begins, and ends when it is told to. */
function createWork() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<string>>();
  return {
    begun,
    named: (name: string) => (): Promise<string> => {
      begun.push(name);
      const end = Promise.withResolvers<string>();
      ends.set(name, end);
      return end.promise;
    },
    end: (name: string): void => ends.get(name)?.resolve(name),
    fail: (name: string, error: Error): void => ends.get(name)?.reject(error),
  };
}

test('one who wants much keeps nobody else waiting for more than one piece of it', async () => {
  const turns = createTurns();
  const begun: string[] = [];
  const work = (name: string) => async (): Promise<void> => void begun.push(name);

  await Promise.all([
    ...['a1', 'a2', 'a3', 'a4'].map((name) => turns.take('ann', UNSTOPPED, work(name))),
    ...['b1', 'b2'].map((name) => turns.take('bob', UNSTOPPED, work(name))),
    turns.take('cyd', UNSTOPPED, work('c1')),
  ]);

  expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']);
});

test('what was given up before its turn is never done, and what was during it ends first', async () => {
  const turns = createTurns();
  const { begun, named, end } = createWork();
  const reason = new Error('gone');
  const stop = new AbortController();
  const first = turns.take('ann', stop.signal, named('first'));
  const second = turns.take('ann', stop.signal, named('second'));
  const third = turns.take('bob', UNSTOPPED, named('third'));
  await Promise.resolve();

  stop.abort(reason);
  await expect(first).rejects.toBe(reason);
  await expect(second).rejects.toBe(reason);
  expect(begun).toEqual(['first']);

  end('first');
  await expect.poll(() => begun).toEqual(['first', 'third']);
  end('third');
  expect(await third).toBe('third');
});

test('what fails makes room for the next', async () => {
  const turns = createTurns();
  const { named, end, fail } = createWork();
  const failing = turns.take('ann', UNSTOPPED, named('failing'));
  const next = turns.take('ann', UNSTOPPED, named('next'));
  await Promise.resolve();

  fail('failing', new Error('no'));
  await expect(failing).rejects.toThrow('no');
  end('next');
  expect(await next).toBe('next');
});

test('who is gone already gets no turn', async () => {
  const turns = createTurns();
  const { begun, named } = createWork();
  const reason = new Error('gone');

  await expect(turns.take('ann', AbortSignal.abort(reason), named('x'))).rejects.toBe(reason);
  expect(begun).toEqual([]);
});

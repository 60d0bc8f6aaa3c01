import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { abortable } from './abortable.ts';

it('answers as the promise does, unless the signal comes first', async () => {
  const fault = new Error('it failed');
  const { signal } = new AbortController();
  const ended = new AbortController();
  const waits = abortable(new Promise(() => {}), ended.signal);

  expect(await abortable(Promise.resolve('done'), signal)).toBe('done');
  await expect(abortable(Promise.reject(fault), signal)).rejects.toBe(fault);
  ended.abort(fault);
  await expect(waits).rejects.toBe(fault);
});

it('leaves no rejection unhandled when what was begun fails after the signal', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  using _ = { [Symbol.dispose]: () => void process.off('unhandledRejection', onUnhandled) };
  const before = Promise.withResolvers<never>();
  const during = Promise.withResolvers<never>();
  const ended = new AbortController();
  const waits = abortable(during.promise, ended.signal);
  ended.abort(new Error('ended'));
  const tooLate = abortable(before.promise, ended.signal);

  await expect(Promise.all([waits.catch(String), tooLate.catch(String)])).resolves.toEqual(
    Array(2).fill('Error: ended'),
  );
  before.reject(new Error('failed later'));
  during.reject(new Error('failed later'));
  // Node tells of what is unhandled once all microtasks are done.
  await setImmediate();

  expect(unhandled).toEqual([]);
});

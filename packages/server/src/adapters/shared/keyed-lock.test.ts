import { expect, test } from 'vitest';
import { createKeyedLock } from './keyed-lock.ts';

test('one key at a time and in order, other keys beside it, and a fault holds up nobody', async () => {
  const lock = createKeyedLock();
  const log: string[] = [];
  const gate = Promise.withResolvers<void>();

  const first = lock.run('a', async () => {
    await gate.promise;
    log.push('a1');
    throw new Error('fault');
  });
  const second = lock.run('a', async () => log.push('a2'));
  await lock.run('b', async () => log.push('b1'));
  gate.resolve();

  await expect(first).rejects.toThrow('fault');
  await second;
  expect(log).toEqual(['b1', 'a1', 'a2']);
});

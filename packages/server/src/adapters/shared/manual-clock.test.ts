import { expect, test } from 'vitest';
import { createManualClock } from './manual-clock.ts';

test('wakes sleepers in the order of their moments, also those that begin to sleep on the way', async () => {
  const clock = createManualClock({ startsAt: 1_000 });
  const { signal } = new AbortController();
  const log: string[] = [];
  const sleep = async (name: string, delayMs: number): Promise<void> => {
    await clock.sleep(delayMs, { signal });
    log.push(`${name}@${clock.now()}`);
  };
  void sleep('late', 300);
  void sleep('early', 100).then(() => sleep('then', 100));

  await clock.advance(250);
  expect(log).toEqual(['early@1100', 'then@1200']);
  expect(clock.monotonicMs()).toBe(250);
  expect(clock.sleeperCount).toBe(1);
  await clock.advance(50);
  expect(log.at(-1)).toBe('late@1300');
});

test('an aborted sleeper is woken with the reason', async () => {
  const clock = createManualClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(100, controller);

  controller.abort(new Error('enough'));

  await expect(sleeping).rejects.toThrow('enough');
  expect(clock.sleeperCount).toBe(0);
});

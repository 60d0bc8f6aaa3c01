import { expect, it } from 'vitest';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import type { LogArchive } from '../../ports/log-archive.ts';
import { createArchiveLook } from './archive-look.ts';

it('asks what keeps lines elsewhere once for many, and waits for it no more once it is known', async () => {
  const clock = createManualClock();
  const asked: PromiseWithResolvers<string | null>[] = [];
  const logArchive: LogArchive = {
    name: 'loki',
    figures: { taken: 0, refused: 0, lost: 0, retries: 0, waiting: 0 },
    whyNot: () => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)?.promise ?? Promise.resolve(null);
    },
  };
  const look = createArchiveLook({ logArchive, clock });
  const first = [look.lately(), look.lately(), look.now()];
  asked[0]?.resolve(null);
  expect((await Promise.all(first)).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok']);
  expect(asked).toHaveLength(1);

  await clock.advance(11_000);
  // It hangs now; nobody waits for that.
  expect((await look.lately()).state).toBe('ok');
  expect((await look.lately()).state).toBe('ok');
  expect(asked).toHaveLength(2);
  asked[1]?.resolve('It does not answer.');
  expect((await look.now()).state).toBe('degraded');
  expect((await look.lately()).state).toBe('degraded');
});

it('is of nothing where there is nothing of that kind', async () => {
  const look = createArchiveLook({ logArchive: null, clock: createManualClock() });
  expect(await look.lately()).toMatchObject({ name: 'loki', state: 'disabled' });
});

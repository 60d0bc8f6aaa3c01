import { expect, it } from 'vitest';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import type { Component } from '../../domain/system/component.ts';
import { component } from './component.ts';
import { createLook } from './look.ts';

const WELL = component('slack', null, 'degraded');
const UNWELL = component('slack', 'The token is refused.', 'degraded');

function make() {
  const clock = createManualClock();
  const asked: PromiseWithResolvers<Component>[] = [];
  const ask = () => {
    const answer = Promise.withResolvers<Component>();
    asked.push(answer);
    return answer.promise;
  };
  return { clock, asked, look: createLook({ name: 'slack', ask }, clock) };
}

it('is told as it was found for a minute, and looked at anew meanwhile', async () => {
  const { clock, asked, look } = make();
  const first = look.lately();
  asked[0]?.resolve(WELL);
  expect(await first).toEqual(WELL);

  await clock.advance(60_000);
  expect(await look.lately()).toEqual(WELL);
  expect(asked).toHaveLength(2);
});

it('is waited for when what was found is older than a minute', async () => {
  const { clock, asked, look } = make();
  const first = look.lately();
  asked[0]?.resolve(WELL);
  await first;

  await clock.advance(86_400_000);
  const [one, other] = [look.lately(), look.lately({ waitMs: 1_500 })];
  asked[1]?.resolve(UNWELL);
  expect([await one, await other]).toEqual([UNWELL, UNWELL]);
  expect(asked).toHaveLength(2);
  expect(clock.sleeperCount).toBe(0);
});

it('has not answered for whoever waits no longer; its answer is for who asks next', async () => {
  const { clock, asked, look } = make();
  const impatient = look.lately({ waitMs: 1_500 });
  await clock.advance(1_500);
  expect(await impatient).toEqual(component('slack', 'It has not answered for 1.5 seconds.', 'degraded'));

  asked[0]?.resolve(WELL);
  expect(await look.now()).toEqual(WELL);
  expect(await look.lately({ waitMs: 1_500 })).toEqual(WELL);
  expect(asked).toHaveLength(1);
});

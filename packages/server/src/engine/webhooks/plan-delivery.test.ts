import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { sampleDelivery } from '../../ports/store-contract/samples.contract.ts';
import { createDueTimes } from './due-times.ts';
import { planDelivery, sendableKinds } from './plan-delivery.ts';

const event = sampleDelivery(1);
const replay = sampleDelivery(2, { kind: 'replay' });
const enabled = { isEnabled: true };

describe('what is next for a webhook', () => {
  it('is the log, when nothing waits or what waits is not of the log and not due', () => {
    expect(planDelivery(enabled, { first: null, event: null }, () => 0)).toEqual({ kind: 'read' });
    expect(planDelivery(enabled, { first: replay, event: null }, () => 5)).toEqual({ kind: 'read' });
  });

  it('is to wait, while an event of the log waits for its next try', () => {
    expect(planDelivery(enabled, { first: event, event }, () => 5)).toEqual({ kind: 'wait', forMs: 5 });
  });

  it('is what is due, also before an event that holds back the log', () => {
    const leftMs = (delivery: { readonly kind: string }): number => (delivery.kind === 'replay' ? 0 : 5);

    expect(planDelivery(enabled, { first: replay, event }, leftMs)).toEqual({ kind: 'try', delivery: replay });
    expect(planDelivery(enabled, { first: event, event }, () => 0)).toEqual({ kind: 'try', delivery: event });
  });

  it('is nothing but tests of one that is disabled', () => {
    expect(sendableKinds({ isEnabled: false })).toEqual(['test']);
    expect(planDelivery({ isEnabled: false }, { first: null, event: null }, () => 0)).toEqual({
      kind: 'wait',
      forMs: null,
    });
  });
});

describe('a moment that is waited for', () => {
  it('comes after the time that was left, whatever the wall clock does meanwhile', async () => {
    const clock = createManualClock({ startsAt: 1_000 });
    let jumpMs = 0;
    const dueTimes = createDueTimes({ ...clock, now: () => clock.now() + jumpMs }, { longestMs: 10_000 });
    const waiting = sampleDelivery(1, { nextTryAt: 6_000 });
    expect(dueTimes.leftMs(waiting)).toBe(5_000);

    jumpMs = -3_600_000;
    await clock.advance(2_000);
    expect(dueTimes.leftMs(waiting)).toBe(3_000);
    jumpMs = 3_600_000;
    await clock.advance(2_000);
    expect(dueTimes.leftMs(waiting)).toBe(1_000);
    await clock.advance(2_000);
    expect(dueTimes.leftMs(waiting)).toBe(0);
  });

  it('is never further away than the longest wait, though a wrong clock had written it down', () => {
    const dueTimes = createDueTimes(createManualClock({ startsAt: 1_000 }), { longestMs: 10_000 });

    expect(dueTimes.leftMs(sampleDelivery(1, { nextTryAt: 9e12 }))).toBe(10_000);
    expect(dueTimes.leftMs(sampleDelivery(2, { nextTryAt: 0 }))).toBe(0);
  });
});

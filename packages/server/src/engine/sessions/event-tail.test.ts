import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryBus } from '../../adapters/bus/memory-bus.ts';
import { createPrometheusMeter } from '../../adapters/meters/prometheus-meter.ts';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { makeSqliteFixture, type SqliteFixture } from '../../adapters/stores/sqlite/sqlite-store.fixture.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import type { Event } from '../../domain/events.ts';
import type { Store } from '../../ports/store.ts';
import { numberedId, sampleEvent } from '../../ports/store-contract/samples.contract.ts';
import type { EventFilter } from '../../ports/tables/event-table.ts';
import { ENGINE_DEFAULTS } from '../deps.ts';
import { createMeasures } from '../monitoring/measures.ts';
import { createEventTail, type EventTail } from './event-tail.ts';

const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
const VMS = [numberedId('vm', 1), numberedId('vm', 2)] as const;
const LAG = 500;

interface Log extends AsyncDisposable {
  readonly store: Store;
  readonly tail: EventTail;
  /** Adds so many events; the hint of it may be lost. */
  append(count: number, options?: { readonly isTold?: boolean }): Promise<void>;
  /** Lets the tail see what no hint told it of. */
  look(): Promise<void>;
  last(): number;
}

async function openLog(fixture: SqliteFixture): Promise<Log> {
  const store = await fixture.open();
  const clock = createManualClock();
  const bus = createMemoryBus({ log });
  const config = { limits: { ...ENGINE_DEFAULTS.limits, readerLagEvents: LAG } };
  let written = 0;
  const measures = createMeasures(createPrometheusMeter({ turns: { share: async () => undefined } }));
  return {
    store,
    tail: createEventTail({ store, bus, clock, config, measures }),
    async append(count, { isTold = true } = {}) {
      const added = Array.from({ length: count }, (_, i) =>
        sampleEvent(VMS[(written + i) % 2] ?? null, '', {
          type: (written + i) % 3 === 0 ? 'vm.started' : 'vm.stopped',
        }),
      );
      await store.events.append(added);
      written += count;
      if (isTold) bus.publish('events', '');
    },
    look: () => clock.advance(1_000),
    last: () => written,
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

/** Somebody who takes events a batch at a time, as it is allowed to, and comes back after the last one that it has. */
class Follower {
  readonly seen: Event[] = [];
  readonly filter: EventFilter;
  readonly #tail: EventTail;
  #allowed = 0;
  #allow = (): void => undefined;
  #connection = { stop: new AbortController(), done: Promise.resolve() };

  constructor(tail: EventTail, filter: EventFilter) {
    this.#tail = tail;
    this.filter = filter;
    this.#connect();
  }

  allow(batches: number): void {
    this.#allowed += batches;
    this.#allow();
  }

  async reconnect(): Promise<void> {
    await this.leave();
    this.#connect();
  }

  async leave(): Promise<void> {
    this.#connection.stop.abort(new Error('left'));
    this.#allow();
    await this.#connection.done;
  }

  #connect(): void {
    const stop = new AbortController();
    this.#connection = {
      stop,
      done: this.#follow(stop.signal).catch((error) => void expect(error).toMatchObject({ message: 'left' })),
    };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const after = this.seen.at(-1)?.sequence ?? 0;
    for await (const events of this.#tail.open({ after, filter: this.filter, signal })) {
      this.seen.push(...events);
      while (this.#allowed <= 0 && !signal.aborted)
        await new Promise<void>((resolve) => {
          this.#allow = resolve;
        });
      this.#allowed -= 1;
    }
  }
}

const anyFilter = fc.constantFrom<EventFilter>(
  {},
  { vmId: VMS[0] },
  { types: ['vm.started'] },
  { types: ['vm.deleted'] },
);
const anyDeed = fc.oneof(
  fc.record({ kind: fc.constant('append'), count: fc.integer({ min: 1, max: 700 }), isTold: fc.boolean() }),
  fc.record({ kind: fc.constant('join'), filter: anyFilter }),
  fc.record({ kind: fc.constant('take'), who: fc.nat(9), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('reconnect'), who: fc.nat(9) }),
  fc.record({ kind: fc.constant('look') }),
);

describe('the tail of the log', () => {
  it('gives everybody every event once and in order, however they come, go and dawdle', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyDeed, { minLength: 4, maxLength: 24 }), async (deeds) => {
        await using events = await openLog(makeSqliteFixture());
        const followers = [new Follower(events.tail, {})];
        for (const deed of deeds) {
          if (deed.kind === 'append') await events.append(deed.count, deed);
          else if (deed.kind === 'join') followers.push(new Follower(events.tail, deed.filter));
          else if (deed.kind === 'look') await events.look();
          else {
            const follower = followers[deed.who % followers.length];
            if (deed.kind === 'take') follower?.allow(deed.count);
            else await follower?.reconnect();
          }
        }
        const all = await events.store.events.list({ after: 0, limit: 100_000 });
        const expected = followers.map(({ filter }) =>
          all.filter(
            ({ type, vmId }) =>
              (filter.types?.includes(type) ?? true) && (filter.vmId === undefined || filter.vmId === vmId),
          ),
        );

        for (const follower of followers) follower.allow(1_000);
        await events.look();
        await events.look();
        for (let i = 0; i < 200 && followers.some(({ seen }, at) => seen.length < (expected[at]?.length ?? 0)); i++)
          await events.look();

        expect(followers.map(({ seen }) => seen)).toEqual(expected);
        for (const follower of followers) await follower.leave();
      }),
      { numRuns: 40 },
    );
  });

  describe('of one log', () => {
    let fixture: SqliteFixture;
    let events: Log;
    const stop = new AbortController();
    beforeEach(async () => {
      fixture = makeSqliteFixture();
      events = await openLog(fixture);
    });
    afterEach(() => events[Symbol.asyncDispose]());

    it('says who is too slow, by how many events, while another keeps up within what was appended at once', async () => {
      const slow = events.tail.open({ after: 0, filter: {}, signal: stop.signal });
      const taken = slow[Symbol.asyncIterator]();
      const fast = new Follower(events.tail, {});
      fast.allow(10_000);
      await events.append(1);
      expect((await taken.next()).value).toHaveLength(1);

      let told: number | null = null;
      let mostBehind = 0;
      while (told === null && events.last() < 10 * LAG) {
        await events.append(50);
        await events.look();
        mostBehind = Math.max(mostBehind, events.last() - (fast.seen.at(-1)?.sequence ?? 0));
        if (slow.tooSlow.aborted) told = events.last();
      }

      expect(told).toBe(1 + LAG + 50);
      expect(slow.tooSlow.reason).toMatchObject({ code: 'aborted', reason: 'events.reader_too_slow' });
      expect(mostBehind).toBe(0);
      await taken.return?.();
      await fast.leave();
    });

    it('hands the same page to all who are at its end', async () => {
      const feeds = [1, 2, 3].map(() =>
        events.tail.open({ after: 0, filter: {}, signal: stop.signal })[Symbol.asyncIterator](),
      );
      const pages = Promise.all(feeds.map((feed) => feed.next()));
      await events.look();
      await events.append(3);
      await events.look();

      const [first, ...others] = (await pages).map(({ value }) => value);

      expect(first).toHaveLength(3);
      for (const page of others) expect(page).toBe(first);
      for (const feed of feeds) await feed.return?.();
    });

    it('tells a reader that the log has been trimmed past it instead of leaving a gap', async () => {
      await events.append(600);
      const feed = events.tail.open({ after: 0, filter: {}, signal: stop.signal })[Symbol.asyncIterator]();
      const first = feed.next();
      await events.look();
      expect((await first).value?.length).toBe(256);
      await events.store.events.trim({ before: 0, keep: 100, limit: 1_000 });

      await expect(feed.next()).rejects.toMatchObject({ reason: 'events.trimmed', details: { first_sequence: 501 } });
    });

    it.each([50, 0])('tells those at its end that it was trimmed before they were told, down to %i', async (keep) => {
      const feed = events.tail.open({ after: 0, filter: {}, signal: stop.signal })[Symbol.asyncIterator]();
      const first = feed.next();
      await events.look();
      await events.append(10);
      await events.look();
      expect((await first).value?.length).toBe(10);

      const next = expect(feed.next()).rejects.toMatchObject({
        reason: 'events.trimmed',
        details: { first_sequence: 311 - keep },
      });
      await events.append(300, { isTold: false });
      await events.store.events.trim({ before: 0, keep, limit: 1_000 });
      await events.look();
      await events.append(1);
      await events.look();
      await next;
    });

    it('moves on for those whose filter lets nothing through, so that they resume where the log is', async () => {
      const feed = events.tail.open({ after: 0, filter: { types: ['vm.deleted'] }, signal: stop.signal });
      const reading = feed[Symbol.asyncIterator]();
      const never = reading.next();
      await events.look();
      await events.append(300);
      await events.look();

      expect(feed.position).toBe(300);
      await events.store.events.append([sampleEvent(null, '', { type: 'vm.deleted' })]);
      await events.look();
      expect((await never).value).toMatchObject([{ sequence: 301 }]);
      await reading.return?.();
    });

    it('fails for all who follow when the log cannot be read, and is tried again by the next', async () => {
      const feeds = [1, 2].map(() =>
        events.tail.open({ after: 0, filter: {}, signal: stop.signal })[Symbol.asyncIterator](),
      );
      const pending = feeds.map((feed) => expect(feed.next()).rejects.toMatchObject({ reason: 'store.closed' }));
      await events.look();
      await events.store[Symbol.asyncDispose]();
      await events.look();
      await Promise.all(pending);

      await using store = await createSqliteStore({ path: fixture.path });
      expect(await store.events.bounds()).toEqual({ first: 1, last: 0 });
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { Bus, Topic } from './bus.ts';

/** What is asked of every bus. `make` returns a fresh one that nobody listens to. */
export function busContract({ name, make }: { readonly name: string; readonly make: () => Bus }): void {
  describe(`${name}: contract of the bus`, () => {
    it('tells every subscriber of the topic, in the order of publishing', async () => {
      const bus = make();
      const first = collect(bus, 'vm', 3);
      const second = collect(bus, 'vm', 3);

      for (const key of ['a', 'b', 'a']) bus.publish('vm', key);

      expect(await first.keys).toEqual(['a', 'b', 'a']);
      expect(await second.keys).toEqual(['a', 'b', 'a']);
    });

    it('keeps topics apart', async () => {
      const bus = make();
      const vms = collect(bus, 'vm', 1);
      const operations = collect(bus, 'operation', 1);

      bus.publish('operation', 'op');
      bus.publish('vm', 'vm');

      expect(await vms.keys).toEqual(['vm']);
      expect(await operations.keys).toEqual(['op']);
    });

    it('tells nothing of before the subscription, and nothing after its end', async () => {
      const bus = make();
      const other = collect(bus, 'events', 3);
      bus.publish('events', '1');
      await other.count(1);
      const late = collect(bus, 'events', 1);
      bus.publish('events', '2');
      expect(await late.keys).toEqual(['2']);

      late.end();
      late.end();
      bus.publish('events', '3');

      expect(await other.keys).toEqual(['1', '2', '3']);
      expect(late.seen).toEqual(['2']);
    });

    it('tells the others when one throws, and the publisher nothing', async () => {
      const bus = make();
      const end = bus.subscribe('vm', () => {
        throw new Error('bad listener');
      });
      const good = collect(bus, 'vm', 2);

      expect(() => bus.publish('vm', '1')).not.toThrow();
      bus.publish('vm', '2');

      expect(await good.keys).toEqual(['1', '2']);
      end();
    });

    it('keeps the order when a listener publishes', async () => {
      const bus = make();
      const end = bus.subscribe('vm', (key) => {
        if (key === '1') bus.publish('vm', '3');
      });
      const late = collect(bus, 'vm', 3);

      bus.publish('vm', '1');
      bus.publish('vm', '2');

      expect(await late.keys).toEqual(['1', '2', '3']);
      end();
    });

    it('counts the same function twice when it subscribes twice', async () => {
      const bus = make();
      const seen: string[] = [];
      const both = Promise.withResolvers<void>();
      const listener = (key: string): void => {
        seen.push(key);
        if (seen.length === 2) both.resolve();
      };
      const ends = [bus.subscribe('vm', listener), bus.subscribe('vm', listener)];

      bus.publish('vm', 'x');
      await both.promise;
      ends[0]?.();
      const last = collect(bus, 'vm', 1);
      bus.publish('vm', 'y');
      await last.keys;

      expect(seen).toEqual(['x', 'x', 'y']);
      ends[1]?.();
    });
  });
}

interface Collected {
  /** Resolves with the first keys when there are as many as were asked for. */
  readonly keys: Promise<readonly string[]>;
  readonly seen: readonly string[];
  count(atLeast: number): Promise<void>;
  end(): void;
}

function collect(bus: Bus, topic: Topic, wanted: number): Collected {
  const seen: string[] = [];
  const waiting: { readonly atLeast: number; readonly wake: () => void }[] = [];
  const end = bus.subscribe(topic, (key) => {
    seen.push(key);
    for (const { atLeast, wake } of waiting) if (seen.length >= atLeast) wake();
  });
  const count = (atLeast: number): Promise<void> =>
    new Promise((resolve) => {
      if (seen.length >= atLeast) resolve();
      else waiting.push({ atLeast, wake: resolve });
    });
  return { keys: count(wanted).then(() => seen.slice(0, wanted)), seen, count, end };
}

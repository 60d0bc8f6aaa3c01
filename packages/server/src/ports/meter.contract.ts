import { beforeEach, describe, expect, it } from 'vitest';
import type { Meter } from './meter.ts';

/** What every meter does. `make` gives one that measures nothing yet. */
export function meterContract(name: string, make: () => Meter): void {
  describe(`${name} fulfils the meter contract`, () => {
    let meter: Meter;
    beforeEach(() => {
      meter = make();
    });

    /** The lines of this measure, without what describes it. */
    async function samples(of: string): Promise<readonly string[]> {
      return (await meter.read()).split('\n').filter((line) => line.startsWith(of));
    }

    it('describes each measure by its kind and in words', async () => {
      meter.counter({ name: 'birds_total', help: 'Birds that were seen.', labels: [] });
      meter.gauge({ name: 'nest_bytes', help: 'What a nest takes.', labels: [] });
      meter.histogram({ name: 'flight_seconds', help: 'How long they fly.', labels: [], buckets: [1] });

      const lines = (await meter.read()).split('\n');

      expect(lines).toContain('# HELP birds_total Birds that were seen.');
      for (const line of ['# TYPE birds_total counter', '# TYPE nest_bytes gauge', '# TYPE flight_seconds histogram'])
        expect(lines).toContain(line);
    });

    it('adds up what is counted, by its labels', async () => {
      const birds = meter.counter({ name: 'birds_total', help: 'Birds.', labels: ['kind'] });

      birds.add({ kind: 'tit' });
      birds.add({ kind: 'tit' }, 2);
      birds.add({ kind: 'owl' });

      expect((await samples('birds_total')).toSorted()).toEqual([
        'birds_total{kind="owl"} 1',
        'birds_total{kind="tit"} 3',
      ]);
    });

    it.each(['counter', 'gauge'] as const)(
      'has the samples of a %s that were given last, and no others',
      async (kind) => {
        const nests = meter[kind]({ name: 'nests_total', help: 'Nests.', labels: ['tree'] });
        nests.replace([{ labels: { tree: 'oak' }, value: 1 }]);

        nests.replace([
          { labels: { tree: 'elm' }, value: 2.5 },
          { labels: { tree: 'fir' }, value: 0 },
        ]);

        expect(await samples('nests_total')).toEqual(['nests_total{tree="elm"} 2.5', 'nests_total{tree="fir"} 0']);
      },
    );

    it('has nothing of what is not known', async () => {
      const nests = meter.gauge({ name: 'nests', help: 'Nests.', labels: [] });
      nests.replace([{ labels: {}, value: 3 }]);

      nests.replace([]);

      expect(await samples('nests')).toEqual([]);
    });

    it('counts into all buckets that are large enough', async () => {
      const flights = meter.histogram({ name: 'flight_seconds', help: 'Flights.', labels: ['by'], buckets: [0.1, 1] });

      for (const value of [0.05, 0.5, 5]) flights.observe({ by: 'tit' }, value);

      expect(await samples('flight_seconds')).toEqual([
        'flight_seconds_bucket{le="0.1",by="tit"} 1',
        'flight_seconds_bucket{le="1",by="tit"} 2',
        'flight_seconds_bucket{le="+Inf",by="tit"} 3',
        'flight_seconds_sum{by="tit"} 5.55',
        'flight_seconds_count{by="tit"} 3',
      ]);
    });

    it('writes whatever a label is as one', async () => {
      const birds = meter.counter({ name: 'birds_total', help: 'Birds.', labels: ['kind'] });

      birds.add({ kind: 'a"b\\c\nd' });

      expect(await samples('birds_total')).toEqual(['birds_total{kind="a\\"b\\\\c\\nd"} 1']);
    });

    it('refuses a name that is given already', () => {
      meter.gauge({ name: 'nests', help: 'Nests.', labels: [] });

      expect(() => meter.gauge({ name: 'nests', help: 'Nests.', labels: [] })).toThrow(/nests/);
    });
  });
}

import { describe, expect, it } from 'vitest';
import { between, COUNTERS, type Figures, isLevel, mapFigures, type Reading, withoutReturned } from './stretch.ts';

function reading(atMs: number, amount: number, uptimeMs = atMs): Reading {
  return {
    ...{ atMs, teller: 'itself', vcpuCount: 1, uptimeMs, cpuUsedMs: amount },
    figures: mapFigures(() => amount),
  };
}

/** So much in figures that grow, and in those that do not. */
const figuresOf = (counted: number, level: number): Figures => mapFigures((name) => (isLevel(name) ? level : counted));

describe('what lies between two readings', () => {
  it('is what was added, and levels as they were on average', () => {
    expect(between(reading(1_000, 10), reading(6_000, 30), 15_000)).toEqual({
      ...{ lengthMs: 5_000, cpuUsedMs: 20, figures: figuresOf(20, 20) },
    });
    expect(between(reading(1_000, 10), reading(6_000, 15), 15_000)?.figures).toEqual(figuresOf(5, 12.5));
  });

  it.each<[string, Reading, Reading]>([
    ['longer than a gap may be', reading(1_000, 10), reading(17_000, 30)],
    ['a boot', reading(50_000, 10), reading(55_000, 30, 3_000)],
    ['a boot after which it has run for longer than before', reading(5_000, 10, 3_000), reading(17_000, 30, 10_000)],
    ['a halt', reading(1_000, 10), reading(14_000, 30, 6_000)],
    ['an uptime that stands still', reading(1_000, 10), reading(2_500, 30, 1_000)],
    ['counters that begin anew', reading(1_000, 30), reading(6_000, 10)],
    ['the same moment', reading(1_000, 10), reading(1_000, 10)],
    ['a processor that came', reading(1_000, 10), { ...reading(6_000, 30), vcpuCount: 2 }],
    ['an agent that came', { ...reading(1_000, 10), teller: 'monitor' }, reading(6_000, 30)],
    ['an agent that fell silent', reading(1_000, 10), { ...reading(6_000, 30), teller: 'monitor' }],
  ])('is a gap: %s', (_, before, after) => {
    expect(between(before, after, 15_000)).toBeNull();
  });

  it('is as long as it was for its guest, whenever the answers came', () => {
    expect(between(reading(2_500, 10, 1_000), reading(6_000, 30), 15_000)?.lengthMs).toBe(5_000);
    expect(between(reading(1_000, 10), reading(6_300, 30, 6_000), 15_000)?.lengthMs).toBe(5_000);
  });

  it('has processor time as if there were one processor', () => {
    const [before, after] = [reading(1_000, 10), reading(6_000, 30)].map((each) => ({ ...each, vcpuCount: 4 }));

    expect(before && after && between(before, after, 15_000)).toMatchObject({
      ...{ lengthMs: 5_000, cpuUsedMs: 5 },
      figures: { cpuUserMs: 5, cpuStealMs: 5, networkReceivedBytes: 20, diskReads: 20, memoryUsedBytes: 20 },
    });
  });

  it.each(COUNTERS)('is a gap where %s alone begins anew', (name) => {
    const [before, after] = [reading(1_000, 10), reading(6_000, 30)];

    expect(between(before, { ...after, figures: { ...after.figures, [name]: 9 } }, 15_000)).toBeNull();
  });

  it('has each figure that was told at its beginning and at its end, and no other', () => {
    const [before, after] = [reading(1_000, 10), reading(6_000, 30)];
    const unknownBefore = { ...before, figures: { ...before.figures, diskReads: null, processCount: null } };
    const unknownAfter = { ...after, figures: { ...after.figures, networkSentBytes: null, memoryUsedBytes: null } };

    expect(between(unknownBefore, unknownAfter, 15_000)?.figures).toEqual({
      ...figuresOf(20, 20),
      ...{ diskReads: null, processCount: null, networkSentBytes: null, memoryUsedBytes: null },
    });
  });
});

describe('time of waiting for disks that a kernel takes back', () => {
  const waited = (told: Reading, cpuIowaitMs: number | null): Reading => ({
    ...told,
    figures: { ...told.figures, cpuIowaitMs },
  });

  it('is left as it was until there is more of it', () => {
    const before = waited(reading(1_000, 10), 500);

    expect(withoutReturned(before, waited(reading(6_000, 30), 200))).toEqual(waited(reading(6_000, 30), 500));
    expect(withoutReturned(before, waited(reading(6_000, 30), 700))).toEqual(waited(reading(6_000, 30), 700));
  });

  it.each<[string, Reading]>([
    ['begins anew with a boot, as its uptime says', waited(reading(6_000, 30, 400), 200)],
    ['begins anew with a boot, as its counters say', waited(reading(6_000, 5), 200)],
    ['is unknown where nobody tells it', waited(reading(6_000, 30), null)],
  ])('%s', (_, after) => {
    expect(withoutReturned(waited(reading(1_000, 10), 500), after)).toEqual(after);
  });
});

import { describe, expect, it } from 'vitest';
import { between, mapCounts, mapLevels, mapSums, type Reading, withoutReturned } from './stretch.ts';

function reading(atMs: number, amount: number, uptimeMs = atMs): Reading {
  const [sums, counts, levels] = [mapSums(() => amount), mapCounts(() => amount), mapLevels(() => amount)];
  return { atMs, vcpuCount: 1, cpuUsedMs: amount, guest: { uptimeMs, sums, counts, levels } };
}

describe('what lies between two readings', () => {
  it('is what was added, and levels as they were on average', () => {
    expect(between(reading(1_000, 10), reading(6_000, 30), 15_000)).toEqual({
      ...{ lengthMs: 5_000, cpuUsedMs: 20 },
      guest: { sums: mapSums(() => 20), counts: mapCounts(() => 20), levels: mapLevels(() => 20) },
    });
  });

  it.each([
    ['longer than a gap may be', reading(1_000, 10), reading(17_000, 30)],
    ['a boot', reading(50_000, 10), reading(55_000, 30, 3_000)],
    ['a boot after which it has run for longer than before', reading(5_000, 10, 3_000), reading(17_000, 30, 10_000)],
    ['a halt', reading(1_000, 10), reading(14_000, 30, 6_000)],
    ['an uptime that stands still', reading(1_000, 10), reading(2_500, 30, 1_000)],
    ['counters that begin anew', reading(1_000, 30), reading(6_000, 10)],
    ['the same moment', reading(1_000, 10), reading(1_000, 10)],
    ['a processor that came', reading(1_000, 10), { ...reading(6_000, 30), vcpuCount: 2 }],
    ['an agent that came', { ...reading(1_000, 10), guest: null }, reading(6_000, 30)],
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
      guest: { sums: { ...mapSums(() => 5), networkReceivedBytes: 20, networkSentBytes: 20 } },
    });
  });

  it('has no counts where they were not counted at its beginning or at its end', () => {
    const counted = reading(1_000, 10);
    const later = reading(6_000, 30);
    const none = mapCounts(() => null);
    const guest = later.guest && {
      ...later.guest,
      counts: { ...mapCounts(() => null), packetsReceived: 30, packetsSent: 30 },
    };

    expect(between(counted, { ...later, guest }, 15_000)?.guest?.counts).toEqual({
      ...mapCounts(() => null),
      ...{ packetsReceived: 20, packetsSent: 20 },
    });
    const uncounted = { ...counted, guest: counted.guest && { ...counted.guest, counts: none } };
    expect(between(uncounted, later, 15_000)?.guest).toMatchObject({ sums: mapSums(() => 20), counts: none });
  });

  it('is a gap where counts alone begin anew', () => {
    const [before, after] = [reading(1_000, 10), reading(6_000, 30)];
    const guest = after.guest && { ...after.guest, counts: mapCounts(() => 9) };

    expect(between(before, { ...after, guest }, 15_000)).toBeNull();
  });

  it('is known of a machine without an agent as well', () => {
    const at = (atMs: number, cpuUsedMs: number): Reading => ({ atMs, vcpuCount: 1, cpuUsedMs, guest: null });
    expect(between(at(0, 5), at(5_000, 10), 15_000)).toEqual({ lengthMs: 5_000, cpuUsedMs: 5, guest: null });
  });
});

describe('time of waiting for disks that a kernel takes back', () => {
  const waited = (told: Reading, cpuIowaitMs: number): Reading => ({
    ...told,
    guest: told.guest && { ...told.guest, sums: { ...told.guest.sums, cpuIowaitMs } },
  });

  it('is left as it was until there is more of it', () => {
    const before = waited(reading(1_000, 10), 500);

    expect(withoutReturned(before, waited(reading(6_000, 30), 200))).toEqual(waited(reading(6_000, 30), 500));
    expect(withoutReturned(before, waited(reading(6_000, 30), 700))).toEqual(waited(reading(6_000, 30), 700));
  });

  it.each([
    ['its uptime', reading(6_000, 30, 400)],
    ['its counters', reading(6_000, 5)],
  ])('begins anew with a boot, as %s says', (_, after) => {
    expect(withoutReturned(waited(reading(1_000, 10), 500), waited(after, 200))).toEqual(waited(after, 200));
  });
});

import { describe, expect, it } from 'vitest';
import { connectionsOfEach } from './connections.ts';

describe('what each guest may have of connections', () => {
  it.each([
    [1, 262_144, 16_384],
    [8, 262_144, 16_384],
    [9, 262_144, 8_192],
    [100, 262_144, 1_024],
    [2_000, 262_144, 64],
    [0, 65_536, 16_384],
  ])('of %d with a room of %d is %d', (guests, room, each) => {
    expect(connectionsOfEach(guests, room)).toBe(each);
  });

  it('is together at most half of the room, as long as each can talk', () => {
    for (const room of [4_096, 65_536, 100_000, 262_144])
      for (let guests = 1; guests * 128 <= room; guests++)
        expect(guests * connectionsOfEach(guests, room)).toBeLessThanOrEqual(room / 2);
  });
});

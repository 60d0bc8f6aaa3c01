import { expect, test } from 'vitest';
import type { GuestIdentity } from '../../../ports/guest-link.ts';
import { openFakedLink } from './fixtures/faked-link.fixture.ts';
import { FRAME_TYPES } from './frame.ts';
import { KINDS } from './messages/kinds.ts';
import { WireWriter } from './wire-writer.ts';

const options = { signal: new AbortController().signal };
const WALL_MS = 1_700_000_000_000;
const identity: GuestIdentity = {
  hostname: 'fork',
  machineId: '0'.repeat(32),
  wallClockMs: WALL_MS,
  network: {},
  entropy: Buffer.alloc(32),
};

/** Host name and machine id come before it. */
const WALL_CLOCK_AT = 1 + 4 + identity.hostname.length + 16;

/** Answers IDENTIFY once; returns the time that it was to set. */
async function answer(faked: Awaited<ReturnType<typeof openFakedLink>>, tookMs: number): Promise<number> {
  const { stream, payload } = await faked.guest.next(FRAME_TYPES.OPEN, KINDS.IDENTIFY);
  const wallNs = payload.readBigUInt64LE(WALL_CLOCK_AT);
  await faked.clock.advance(tookMs);
  faked.guest.send(FRAME_TYPES.RESULT, stream, new WireWriter().bigU64(wallNs).finish());
  return Number(wallNs / 1_000_000n);
}

test('a guest that was told the time too late is told again, and what has passed is counted', async () => {
  const faked = await openFakedLink();
  const told = faked.link.identify(identity, options);

  expect(await answer(faked, 80)).toBe(WALL_MS);
  expect(await answer(faked, 50)).toBe(WALL_MS + 80);

  await expect(told).resolves.toBeUndefined();
});

test('a guest that is never quick is not told for ever, and one whose clock is left alone not twice', async () => {
  const faked = await openFakedLink();
  const told = faked.link.identify(identity, options);
  for (let tries = 0; tries < 4; tries++) expect(await answer(faked, 51)).toBe(WALL_MS + tries * 51);
  await expect(told).resolves.toBeUndefined();

  const left = faked.link.identify({ ...identity, wallClockMs: 0 }, options);
  expect(await answer(faked, 500)).toBe(0);
  await expect(left).resolves.toBeUndefined();
});

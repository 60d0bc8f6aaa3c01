import { expect, test } from 'vitest';
import { openFakedLink } from './fixtures/faked-link.fixture.ts';
import { FRAME_TYPES } from './frame.ts';
import { KINDS } from './messages/kinds.ts';
import { WireWriter } from './wire-writer.ts';

const options = { signal: new AbortController().signal };

/** Every agent's answer: each figure is its place. */
function figures(): WireWriter {
  const writer = new WireWriter();
  for (let at = 0; at < 16; at++) writer.u64(at);
  return writer.u32(16).u32(17).u32(18).u32(19);
}

test('an agent that tells of counts is asked for them', async () => {
  const { guest, link } = await openFakedLink({ capabilities: ['stats', 'counts'] });
  const asked = link.stats(options);

  const { stream, payload } = await guest.next(FRAME_TYPES.OPEN, KINDS.STATS);
  guest.send(FRAME_TYPES.RESULT, stream, figures().u64(20).u64(21).u64(22).u64(23).finish());

  expect([...payload]).toEqual([KINDS.STATS, 1]);
  expect(await asked).toMatchObject({
    diskOperations: { reads: 20, writes: 21 },
    networkBytes: { received: 14, sent: 15 },
    networkPackets: { received: 22, sent: 23 },
  });
});

test('one of before is asked as it always was, and its counts are unknown', async () => {
  const { guest, link } = await openFakedLink({ capabilities: ['stats'] });
  const asked = link.stats(options);

  const { stream, payload } = await guest.next(FRAME_TYPES.OPEN, KINDS.STATS);
  guest.send(FRAME_TYPES.RESULT, stream, figures().finish());

  expect([...payload]).toEqual([KINDS.STATS]);
  expect(await asked).toMatchObject({
    diskTransferBytes: { read: 12, written: 13 },
    diskOperations: null,
    networkPackets: null,
  });
});

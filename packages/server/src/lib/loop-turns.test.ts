import { describe, expect, it } from 'vitest';
import { createLoopTurns, type LoopTurns } from './loop-turns.ts';

/** Keeps the processor for so long, as work does that waits for nothing. */
function workFor(ms: number): void {
  for (const startedMs = performance.now(); performance.now() - startedMs < ms; );
}

/** The numbers of the turns of the loop in which the parts were done. */
async function turnsOf(turns: LoopTurns, parts: number, partMs: number): Promise<readonly number[]> {
  let turn = 0;
  const count = (): void => {
    turn += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  const seen = await Promise.all(
    Array.from({ length: parts }, async () => {
      await turns.share();
      workFor(partMs);
      return turn;
    }),
  );
  clearImmediate(counting);
  return seen;
}

describe('turns of the event loop', () => {
  it('are given up when they have lasted long enough, however many work', async () => {
    const seen = await turnsOf(createLoopTurns({ longestMs: 5 }), 10, 6);

    expect(new Set(seen).size).toBe(10);
  });

  it('are kept as long as they are short', async () => {
    const seen = await turnsOf(createLoopTurns({ longestMs: 60_000 }), 10, 1);

    expect(new Set(seen).size).toBe(1);
  });

  it('go round in the order of asking, but for those that come first', async () => {
    const turns = createLoopTurns({ longestMs: 1 });
    const order: string[] = [];
    const part = async (name: string, options = {}): Promise<void> => {
      await turns.share(options);
      order.push(name);
      workFor(2);
    };

    await Promise.all([part('a'), part('b'), part('c'), part('first', { isFirst: true })]);

    expect(order).toEqual(['a', 'first', 'b', 'c']);
  });
});

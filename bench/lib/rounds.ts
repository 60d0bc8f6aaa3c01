import { median, round as rounded } from './stats.ts';

/** One of those that are measured in turns. */
export interface Contestant {
  readonly name: string;
  /** Done before each run, and not measured. */
  readonly prepare?: () => Promise<void>;
  /** One run; its measure. */
  readonly run: () => Promise<number>;
}

/**
 * Each contestant once a round, forwards in one round and backwards in the next, so that each comes after each other as often as before
 * it. The first round warms caches and is not counted. Answers the medians by name.
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  { rounds, say }: { readonly rounds: number; readonly say: (message: string) => void },
): Promise<ReadonlyMap<string, number>> {
  const samples = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    const seen: string[] = [];
    for (const { name, prepare, run } of round % 2 === 0 ? contestants : contestants.toReversed()) {
      await prepare?.();
      const value = await run();
      seen.push(`${name} ${rounded(value, 1)}`);
      if (round > 0) samples.get(name)?.push(value);
    }
    say(`round ${round} of ${rounds}${round === 0 ? ' (not counted)' : ''}: ${seen.join(', ')}`);
  }
  return new Map([...samples].map(([name, values]) => [name, median(values)]));
}

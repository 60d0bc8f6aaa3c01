import type { BenchServer } from './server.ts';

/** The guest's program writes that often: more often than anything that is looked for takes. */
const LOOP = 'while :; do echo .; done';

/** What a command in a guest that writes without end is like from here, with the host's clock. */
export interface OutputGaps extends AsyncDisposable {
  /** The longest time without output since this was asked last, milliseconds: the guest's, its link's and the server's. */
  takeLongestMs(): number;
  /** Resolves with the next output. */
  untilItFlows(): Promise<void>;
}

/** Starts the command in this VM, and follows it. Disposing ends it. */
export async function watchOutput({ client }: BenchServer, ref: string): Promise<OutputGaps> {
  const session = await client.executions.start(ref, { argv: ['sh', '-c', LOOP] });
  let lastAt = performance.now();
  let longestMs = 0;
  let next = Promise.withResolvers<void>();
  const following = (async () => {
    for await (const _ of session.output) {
      const now = performance.now();
      longestMs = Math.max(longestMs, now - lastAt);
      lastAt = now;
      next.resolve();
      next = Promise.withResolvers();
    }
  })();
  return {
    takeLongestMs() {
      const taken = longestMs;
      longestMs = 0;
      return taken;
    },
    untilItFlows: () => next.promise,
    async [Symbol.asyncDispose]() {
      await session.signal('SIGKILL');
      await following;
    },
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { line } from '../../../../ports/log-store.contract.ts';
import { createManualClock, type ManualClock } from '../../../shared/manual-clock.ts';
import { entriesOf, type OpenLogs, openLogs, until } from './open-logs.ts';
import { type StrictLoki, type StrictOptions, startStrictLoki } from './strict-loki.ts';

/** For each test of a file a directory, a clock that is stepped, and logs that are handed over to a strict Loki. */
export function useHandover() {
  let directory: string;
  let clock: ManualClock;
  let parts: AsyncDisposableStack;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'volary-loki-'));
    clock = createManualClock({ startsAt: Date.now() });
    parts = new AsyncDisposableStack();
  });
  afterEach(async () => {
    await parts.disposeAsync();
    rmSync(directory, { recursive: true });
  });

  return {
    get directory() {
      return directory;
    },
    get clock() {
      return clock;
    },

    async start(options: StrictOptions = {}): Promise<{ readonly loki: StrictLoki; readonly opened: OpenLogs }> {
      const loki = parts.use(await startStrictLoki({ nowMs: () => clock.now(), ...options }));
      return { loki, opened: parts.use(openLogs({ directory, url: loki.url, clock })) };
    },

    /** Disposed of with the test. */
    use: <T extends AsyncDisposable>(part: T): T => parts.use(part),

    /** The logs of the next server, in the same directory. */
    reopen({ url }: StrictLoki): OpenLogs {
      return parts.use(openLogs({ directory, url, clock }));
    },

    /** Has time pass, next to nothing whenever something waits for it, until this is so. */
    async passUntil(isSo: () => boolean): Promise<void> {
      while (!isSo()) {
        await until(() => isSo() || clock.sleeperCount > 0);
        if (!isSo()) await clock.advance(1);
      }
    },

    /** Has time pass, a little whenever something waits for it, until all is handed over. */
    async handOver(opened: OpenLogs): Promise<void> {
      let isDone = false;
      const done = opened.untilHandedOver().then(() => {
        isDone = true;
      });
      while (!isDone) {
        await until(() => isDone || clock.sleeperCount > 0);
        await clock.advance(100);
      }
      await done;
    },

    async say(opened: OpenLogs, ...messages: readonly string[]): Promise<void> {
      await opened.logs.append(messages.map((message) => line(message, { at: clock.now() })));
    },
  };
}

export const said = ({ told }: OpenLogs, text: RegExp): readonly unknown[] =>
  told.filter(([message]) => text.test(message));

/** Lines of the log alone: those by which it was tried have no sequence. */
export const linesOf = (loki: StrictLoki): readonly string[] =>
  entriesOf(loki)
    .filter(({ metadata }) => metadata['sequence'] !== '0')
    .map((entry) => entry.line);

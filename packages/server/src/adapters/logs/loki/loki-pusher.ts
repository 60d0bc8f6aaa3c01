/**
 * Hands lines to Loki, in order, from the log that is kept here, which so is the spool: it is on disk, bounded, and outlives the server. What was handed over is a cursor of it.
 *
 *   wait for lines -> read a batch -> send it -> (refused: its halves) -> (later: back off, the same again) -> note the cursor
 *                      ^--------------------------- none of it is taken, nor a line that is good for certain: until that is
 */
import type { LogLine } from '../../../domain/logs/log-line.ts';
import { fullJitterMs } from '../../../lib/backoff.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Log } from '../../../ports/log.ts';
import type { ArchiveFigures } from '../../../ports/log-archive.ts';
import type { LogStore } from '../../../ports/log-store.ts';
import type { LokiClient, PushAnswer } from './loki-client.ts';
import { type LokiTime, timeAfter, toStreams, toTrial } from './loki-lines.ts';

export interface PusherDeps {
  readonly local: Pick<LogStore, 'append' | 'cursor' | 'read' | 'last' | 'keptFrom' | 'neverGiven'>;
  readonly client: Pick<LokiClient, 'push'>;
  readonly clock: Clock;
  /** Writes out alone: what is said about Loki would go there. */
  readonly log: Log;
  readonly random: () => number;
}

export interface LokiPusher {
  /** Lines have come, up to this one. */
  ring(last: number): void;
  /** All up to this sequence is at Loki, or will never be; null: it is not known yet. */
  readonly position: number | null;
  /** Nothing is kept any more of what comes before this sequence, or not all of it. */
  noteKeptFrom(sequence: number): void;
  /** Why lines are not taken now, in a few words; null: they are. */
  readonly why: string | null;
  readonly figures: ArchiveFigures;
  /** What is not handed over is by the next server. */
  stop(): Promise<void>;
}

/** Lines of a batch, and what their texts take, bytes: well below what Loki takes at once (`ingestion_burst_size_mb` 6, `per_stream_rate_limit` 3 MB). */
const BATCH_LINES = 1_000;
const BATCH_BYTES = 1024 ** 2;
const RETRY = { firstMs: 500, capMs: 60_000 } as const;
/** Lines of a batch that are refused one by one, with none taken, before it is looked whether any would be. */
const UNPROVEN = 16;
/** Whatever Loki asks for. */
const LONGEST_MS = 300_000;
const POSITION = 'loki:position';
const TIME = 'loki:time';

/** What has become of a batch so far. */
interface Handed {
  /** Of each line that is refused, why and how Loki put it. */
  readonly refusals: { readonly why: string; readonly said: string | null }[];
  /** Loki has taken something since the batch began: it is these lines that it refuses. */
  isProven: boolean;
}

interface Totals {
  taken: number;
  refused: number;
  lost: number;
  retries: number;
}

export function createLokiPusher(
  deps: PusherDeps,
  { installation, gatherMs }: { readonly installation: string; readonly gatherMs: number },
): LokiPusher {
  const { local, clock, log } = deps;
  const stopping = new AbortController();
  const { signal } = stopping;
  const totals: Totals = { taken: 0, refused: 0, lost: 0, retries: 0 };
  let last = 0;
  let position: number | null = null;
  /** The position that the log here has noted. */
  let noted: number | null = null;
  let isWorkable = true;
  /** Of the numbers behind the position, those that were given to no line. */
  let skipped = 0;
  let time: LokiTime = { ms: 0, sequence: 0 };
  let why: string | null = null;
  /** Why it has refused all that was sent last. */
  let refusal: string | null = null;
  let hasToldOfDrops = false;
  let rung = Promise.withResolvers<void>();

  async function run(): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        position ??= await begin();
        for (; ; attempt = 1) {
          await note(position);
          position = await handOver(position);
          if (skipped > 0) skipped = await local.neverGiven(position, last);
        }
      } catch (error) {
        if (signal.aborted) return;
        // Only the log here throws: what Loki says is an answer.
        if (isWorkable)
          log.warn('what Loki takes cannot be read, or noted, in the log here; it is tried again', { error });
        isWorkable = false;
        await clock.sleep(fullJitterMs(attempt, RETRY, deps.random), { signal }).catch(() => undefined);
      }
    }
  }

  async function begin(): Promise<number> {
    noted = await local.cursor(POSITION);
    const start = noted ?? (await beforeFirst(local, { signal }));
    // Lines of a log that was lost are at Loki already: those that are taken anew have later numbers, and so later times.
    // One that was dropped may have been of the future, of which Loki takes none.
    const latest = Math.min((await local.keptFrom()).atMs, clock.now());
    time = { ms: (await local.cursor(TIME)) ?? latest, sequence: start };
    last = Math.max(last, await local.last());
    skipped = await local.neverGiven(start, last);
    return start;
  }

  /** A log that was damaged goes on in a new file, with other numbers: how many lines lie between them is known to nobody. */
  async function isBegunAnew(): Promise<boolean> {
    if (noted === null || (await local.cursor(POSITION)) !== null) return false;
    log.warn('the log here was begun anew: lines that waited for Loki are missing there');
    return true;
  }

  /** Returns up to where it has come: nowhere when Loki refused everything for a while. */
  async function handOver(from: number): Promise<number> {
    await untilLines(from);
    if (await isBegunAnew()) return await begin();
    const { lines, reached } = await nextBatch(local, from, { signal });
    const end = lines.at(-1)?.sequence ?? reached;
    const dropped = await droppedAmong(local, { from, end, lines });
    recoverLog();
    const handed: Handed = { refusals: [], isProven: false };
    const isSent = (await send(lines, handed)) && (handed.refusals.length === 0 || (await prove(handed)));
    if (!isSent) return from;
    time = { ms: time.ms, sequence: end };
    countDropped(dropped);
    countRefused(handed.refusals, lines.length);
    return end;
  }

  /**
   * What was taken is not sent again while the log here cannot note it, on a full disk say: that alone is tried
   * again. The position comes first: a time that stands behind it costs
   * order among a few lines, one before it would double them.
   */
  async function note(reached: number): Promise<void> {
    if (noted !== null && noted >= reached) return;
    await local.append([], { key: POSITION, to: reached });
    await local.append([], { key: TIME, to: time.ms });
    noted = reached;
    recoverLog();
  }

  function recoverLog(): void {
    if (!isWorkable) log.info('what Loki takes is read and noted in the log here again');
    isWorkable = true;
  }

  async function untilLines(from: number): Promise<void> {
    for (;;) {
      // It may have been stopped while nobody waited here.
      signal.throwIfAborted();
      if (last > from) break;
      rung = Promise.withResolvers();
      await rung.promise;
    }
    if (last - from < BATCH_LINES) await clock.sleep(gatherMs, { signal });
  }

  function countDropped(dropped: number): void {
    if (dropped === 0) return;
    totals.lost += dropped;
    log.warn('lines were dropped before Loki took them: more came meanwhile than is kept here', { lines: dropped });
  }

  function countRefused(refusals: Handed['refusals'], of: number): void {
    const [first] = refusals;
    refusal = first !== undefined && refusals.length === of ? first.why : null;
    if (first === undefined) return;
    totals.refused += refusals.length;
    log.warn('Loki refuses lines', { lines: refusals.length, why: first.why, said: first.said });
  }

  /** True: Loki has them all, or will never take those that it has not. False: it refused everything for a while, and they are to be sent anew. */
  async function send(lines: readonly LogLine[], handed: Handed): Promise<boolean> {
    if (lines.length === 0) return true;
    const timed: { readonly line: LogLine; readonly time: LokiTime }[] = [];
    for (const line of lines) timed.push({ line, time: timeAfter(timed.at(-1)?.time ?? time, line) });
    const answer = await untilAnswered(() => deps.client.push(toStreams(timed, installation), { signal }));
    if (answer.kind === 'taken') {
      time = timed.at(-1)?.time ?? time;
      totals.taken += lines.length;
      handed.isProven = true;
      return true;
    }
    if (lines.length === 1) {
      handed.refusals.push(answer);
      return handed.refusals.length < UNPROVEN || (await prove(handed));
    }
    // Loki keeps what is good of a request that it refuses; sent again it is a duplicate, which it drops.
    const middle = lines.length >> 1;
    return (await send(lines.slice(0, middle), handed)) && (await send(lines.slice(middle), handed));
  }

  /** Whether it is these lines that are refused. If no line is taken, however good, it is Loki that is set up wrongly: then this waits until one is, and they are to be sent anew. */
  async function prove(handed: Handed): Promise<boolean> {
    if (handed.isProven) return true;
    const { retries } = totals;
    await untilAnswered(async () => {
      const answer = await deps.client.push(toTrial(clock.now(), installation), { signal });
      if (answer.kind !== 'refused') return answer;
      return { ...answer, kind: 'later', why: `it refuses every line: ${answer.why}`, afterMs: null };
    });
    handed.isProven = totals.retries === retries;
    return handed.isProven;
  }

  async function untilAnswered(push: () => Promise<PushAnswer>): Promise<Exclude<PushAnswer, { kind: 'later' }>> {
    for (let attempt = 1; ; attempt++) {
      const answer = await push();
      if (answer.kind === 'taken') recover();
      if (answer.kind !== 'later') return answer;
      const { said } = answer;
      if (why === null) log.warn('Loki takes no lines: they wait in the log here', { why: answer.why, said });
      why = answer.why;
      totals.retries += 1;
      const pauseMs = Math.max(answer.afterMs ?? 0, fullJitterMs(attempt, RETRY, deps.random));
      await clock.sleep(Math.min(LONGEST_MS, pauseMs), { signal });
    }
  }

  function recover(): void {
    if (why !== null) log.info('Loki takes lines again');
    why = null;
    hasToldOfDrops = false;
  }

  const running = run();
  return {
    ring(sequence) {
      last = Math.max(last, sequence);
      rung.resolve();
    },
    get position() {
      return position;
    },
    noteKeptFrom(sequence) {
      if (why === null || hasToldOfDrops || sequence <= (position ?? sequence) + 1) return;
      hasToldOfDrops = true;
      log.warn('lines that wait for Loki are dropped: the log here has no room for more', { why });
    },
    get why() {
      return why ?? refusal;
    },
    get figures() {
      return { ...totals, waiting: position === null ? 0 : Math.max(0, last - position - skipped) };
    },
    async stop() {
      stopping.abort(new DOMException('the server is stopping', 'AbortError'));
      rung.resolve();
      await running;
    },
  };
}

/** What is kept when Loki comes is handed over too. */
async function beforeFirst(local: Pick<LogStore, 'read'>, options: { readonly signal: AbortSignal }): Promise<number> {
  const { lines, reached } = await local.read({ direction: 'forward', from: null, limit: 1 }, options);
  const [first] = lines;
  return first === undefined ? reached : first.sequence - 1;
}

/**
 * How many lines were dropped that came after `from` and up to `end`, of which these are left. Numbers that
 * a crash left out were given to none.
 */
async function droppedAmong(
  local: Pick<LogStore, 'keptFrom' | 'neverGiven'>,
  { from, end, lines }: { readonly from: number; readonly end: number; readonly lines: readonly LogLine[] },
): Promise<number> {
  if (lines.length === end - from) return 0;
  const last = Math.min(end, (await local.keptFrom()).sequence - 1);
  const left = lines.filter(({ sequence }) => sequence <= last);
  if (last <= from) return 0;
  return Math.max(0, last - from - left.length - (await local.neverGiven(from, last)));
}

/** The lines after a sequence, as many as go together. */
async function nextBatch(
  local: Pick<LogStore, 'read'>,
  from: number,
  options: { readonly signal: AbortSignal },
): Promise<{ readonly lines: readonly LogLine[]; readonly reached: number }> {
  const page = await local.read({ direction: 'forward', from, limit: BATCH_LINES }, options);
  let bytes = 0;
  const end = page.lines.findIndex(({ message, fields }, index) => {
    bytes += message.length * 3 + JSON.stringify(fields).length;
    return index > 0 && bytes > BATCH_BYTES;
  });
  return { lines: end === -1 ? page.lines : page.lines.slice(0, end), reached: page.reached };
}

/**
 * Takes what workloads write into the log. It is read where it is kept, from the offset at which the log stands: so a server that dies at any moment neither
 * loses nor doubles a line, and a workload waits for nobody. What was dropped before it could be taken is told by a line.
 */
import { EXECUTION_TRANSITIONS, type OutputStream } from '../../domain/execution/execution.ts';
import { type ExecutionId, parseId, type VmId } from '../../domain/ids.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import { createLoopTurns } from '../../lib/loop-turns.ts';
import type { EngineDeps } from '../deps.ts';
import { everyVm } from '../queries/every-vm.ts';
import { createIntake, type Intake } from './intake.ts';
import { lostLine } from './lost-line.ts';

type OutputDeps = Pick<EngineDeps, 'store' | 'logs' | 'bus' | 'clock' | 'log'>;

/** More than the longest line, so that each piece comes further. */
const PIECE_BYTES = 64 * 1024;
const STREAMS: readonly OutputStream[] = ['stdout', 'stderr'];
const PREFIX = 'output:';
/** How long pieces may keep requests waiting, milliseconds: one of them takes about half of it. */
const TURN_MS = 1;
/** Where the cursor of what has been taken to its end stands. */
const TAKEN = Number.MAX_SAFE_INTEGER;

export interface OutputIntake {
  /** Takes what comes from now on. */
  start(): void;
  /** Finds what a former server did not take. Repeating it is safe. */
  findRest(): Promise<void>;
  /** Takes what hints did not tell of. To be called now and then. */
  look(): Promise<void>;
  /** Takes all of a VM that writes nothing more. Answers with the sources of which that was not done within the time, milliseconds. */
  drain(vm: Vm, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<readonly string[]>;
  /** Says how much of such a source was not taken; nothing more of it is. Repeating it is safe. */
  tellLost(source: string): Promise<void>;
  /** Forgets how far executions were taken that are no more. */
  forgetGone(): Promise<void>;
  stop(): Promise<void>;
}

/** How far a stream has been taken, as the log has it. */
interface Place {
  readonly vmId: VmId;
  readonly position: number;
}

export function createOutputIntake(deps: OutputDeps): OutputIntake {
  const { store, logs, bus } = deps;
  const places = new Map<string, Place>();
  /** Those that nothing more is written to, whatever their rows say. */
  const ending = new Set<string>();
  const turns = createLoopTurns({ longestMs: TURN_MS });
  const intake = createIntake(deps, 'output', async (source) => {
    await turns.share();
    return await take(deps, source, { places, isEnding: ending.has(source) });
  });
  let unfollow: readonly (() => void)[] = [];

  return {
    start() {
      const offerRest = (id: string): void => {
        if (STREAMS.some((stream) => places.has(`${id}:${stream}`))) offerBoth(intake, id);
      };
      unfollow = [bus.subscribe('output', (source) => intake.offer(source)), bus.subscribe('execution', offerRest)];
    },
    async findRest() {
      for (const { key, position } of await logs.cursors(PREFIX))
        if (position !== TAKEN) intake.offer(key.slice(PREFIX.length));
      for await (const { workloadStatus } of everyVm(store))
        if (workloadStatus !== null && workloadStatus.executionId !== null)
          offerBoth(intake, workloadStatus.executionId);
    },
    async look() {
      for (const { id, isWorkload } of await store.executions.listActive()) if (isWorkload) offerBoth(intake, id);
      for (const source of places.keys()) intake.offer(source);
    },
    async drain({ id, workloadStatus }, options) {
      const sources = [...places].filter(([, { vmId }]) => vmId === id).map(([source]) => source);
      if (workloadStatus !== null && workloadStatus.executionId !== null)
        sources.push(...STREAMS.map((stream) => `${workloadStatus.executionId}:${stream}`));
      const untaken = await Promise.all(
        [...new Set(sources)].map(async (source) => {
          ending.add(source);
          try {
            return (await intake.drain(source, options)) ? [] : [source];
          } finally {
            ending.delete(source);
          }
        }),
      );
      return untaken.flat();
    },
    tellLost: (source) => tellLost(deps, source),
    async forgetGone() {
      const gone: string[] = [];
      for (const { key } of await logs.cursors(PREFIX)) {
        const id = parseSource(key.slice(PREFIX.length))?.id;
        if (id === undefined || (await store.executions.get(id)) === null) gone.push(key);
      }
      if (gone.length > 0) await logs.dropCursors(gone);
    },
    async stop() {
      for (const stopFollowing of unfollow) stopFollowing();
      await intake.stop();
    },
  };
}

function offerBoth(intake: Intake, id: string): void {
  for (const stream of STREAMS) intake.offer(`${id}:${stream}`);
}

function parseSource(source: string): { readonly id: ExecutionId; readonly stream: OutputStream } | null {
  const [text = '', name] = source.split(':');
  const id = parseId('exec', text);
  const stream = STREAMS.find((each) => each === name);
  return id === null || stream === undefined ? null : { id, stream };
}

/** Takes a piece of a stream. True: there is more. */
async function take(
  { store, logs, bus, clock }: OutputDeps,
  source: string,
  { places, isEnding }: { readonly places: Map<string, Place>; readonly isEnding: boolean },
): Promise<boolean> {
  const parsed = parseSource(source);
  const execution = parsed === null ? null : await store.executions.get(parsed.id);
  if (parsed === null || execution === null || !execution.isWorkload) {
    places.delete(source);
    return false;
  }
  const { id, stream } = parsed;
  const key = `${PREFIX}${source}`;
  const { vmId, owner } = execution;
  const position = places.get(source)?.position ?? (await logs.cursor(key)) ?? 0;
  if (position === TAKEN) return false;
  places.set(source, { vmId, position });
  // It is looked at before its output: what is over by then writes nothing more.
  const isOver = isEnding || EXECUTION_TRANSITIONS[execution.state].length === 0;
  const { offset, bytes, isBeforeGap } = await store.executions.nextOutput(id, stream, position, PIECE_BYTES);
  const hasMore = isBeforeGap || bytes.length >= PIECE_BYTES;
  if (bytes.length > 0) {
    const { next } = await logs.appendOutput({
      ...{ key, source: stream, vmId, owner, executionId: id, at: clock.now(), offset, bytes },
      // The end of a line before a gap never comes.
      ...{ isEnd: isOver && !hasMore, isPaused: isBeforeGap },
    });
    places.set(source, { vmId, position: next });
    if (next > position) bus.publish('logs', vmId);
  }
  if (hasMore || !isOver) return hasMore;
  await logs.append([], { key, to: TAKEN });
  places.delete(source);
  return false;
}

async function tellLost({ store, logs, bus, clock }: OutputDeps, source: string): Promise<void> {
  const parsed = parseSource(source);
  const execution = parsed === null ? null : await store.executions.get(parsed.id);
  if (parsed === null || execution === null) return;
  const { id, stream } = parsed;
  const key = `${PREFIX}${source}`;
  const { vmId, owner } = execution;
  const length = (await store.executions.outputLengths(id))[stream];
  for (;;) {
    const from = (await logs.cursor(key)) ?? 0;
    if (from >= length) return;
    // Where something is taken meanwhile after all, that much less is missing.
    const line = lostLine({ at: clock.now(), source: stream, vmId, owner, executionId: id }, length - from);
    await logs.append([line], { key, from, to: TAKEN });
    bus.publish('logs', vmId);
  }
}

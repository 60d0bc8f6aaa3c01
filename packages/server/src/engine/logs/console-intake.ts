/**
 * Takes what consoles say into the log. Nobody tells when one has said something, so each is looked at: a moment after its VM has changed or said something, and ever more seldom while it is
 * silent.
 */
import { parseId, type VmId } from '../../domain/ids.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { EngineDeps } from '../deps.ts';
import { everyVm } from '../queries/every-vm.ts';
import { createIntake } from './intake.ts';
import { lostLine } from './lost-line.ts';

type ConsoleDeps = Pick<EngineDeps, 'store' | 'drivers' | 'logs' | 'bus' | 'clock' | 'log'>;

/** From one look at a console to the next, milliseconds: after it said something, and at most. */
const SOON_MS = 1_000;
const LATEST_MS = 30_000;
/** Consoles that are looked at each second at most. */
const MOST_AT_ONCE = 50;
/** Taken of one console before it is another one's turn, bytes. */
const PIECE_BYTES = 256 * 1024;
const PREFIX = 'console:';
/** What has no line end is a line when nothing more has come for so long, milliseconds: a guest asks something, and waits. */
const PARTIAL_AFTER_MS = 10_000;
/** Where the cursor of one stands of which nothing more is taken. */
const TAKEN = Number.MAX_SAFE_INTEGER;

export interface ConsoleIntake {
  /** Looks from now on at those that change or say something. */
  start(): void;
  /** Has all of them looked at. Repeating it is safe. */
  findAll(): Promise<void>;
  /** Looks at those whose turn it is. To be called each second. */
  look(): void;
  /** Takes all that the console of a VM has said whose machine is gone. False: not within the time, milliseconds. */
  drain(vm: Vm, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<boolean>;
  /** Says that something of it was not taken; nothing more of it is. Repeating it is safe. */
  tellLost(vm: Vm): Promise<void>;
  /** Forgets how far consoles were taken whose VM is no more. */
  forgetGone(): Promise<void>;
  stop(): Promise<void>;
}

interface Turn {
  dueMs: number;
  pauseMs: number;
}

/** A line that has no end yet: up to where it goes, and since when it does. */
interface Rest {
  readonly end: number;
  readonly sinceMs: number;
}

export function createConsoleIntake(deps: ConsoleDeps): ConsoleIntake {
  const { store, logs, bus, clock } = deps;
  const turns = new Map<string, Turn>();
  const rests = new Map<string, Rest>();
  /** Those that say nothing more. */
  const ending = new Set<string>();
  const intake = createIntake(deps, 'console', async (source, signal) => {
    const before = rests.get(source) ?? null;
    const taken = await take(deps, source, { signal, rest: before, isEnding: ending.has(source) });
    if (taken?.rest == null) rests.delete(source);
    else rests.set(source, taken.rest);
    if (taken === null) turns.delete(source);
    else if (taken.bytes > 0 || (taken.rest?.end ?? before?.end) !== before?.end) lookSoon(source);
    return taken?.hasMore ?? false;
  });
  let unfollow = (): void => undefined;

  function lookSoon(vmId: string): void {
    turns.set(vmId, { dueMs: clock.monotonicMs() + SOON_MS, pauseMs: SOON_MS });
  }

  return {
    start() {
      unfollow = bus.subscribe('vm', (vmId) => {
        // One that changes all the time is looked at all the same.
        if ((turns.get(vmId)?.pauseMs ?? LATEST_MS) > SOON_MS) lookSoon(vmId);
      });
    },
    async findAll() {
      for await (const { id } of everyVm(store)) lookSoon(id);
    },
    look() {
      const nowMs = clock.monotonicMs();
      let count = 0;
      for (const [vmId, turn] of turns) {
        if (turn.dueMs > nowMs) continue;
        if (++count > MOST_AT_ONCE) return;
        turns.delete(vmId);
        const pauseMs = Math.min(LATEST_MS, turn.pauseMs * 2);
        turns.set(vmId, { dueMs: nowMs + pauseMs, pauseMs });
        intake.offer(vmId);
      }
    },
    async drain({ id }, options) {
      ending.add(id);
      try {
        return await intake.drain(id, options);
      } finally {
        ending.delete(id);
      }
    },
    async tellLost({ id, owner }) {
      const line = lostLine({ at: clock.now(), source: 'console', vmId: id, owner, executionId: null }, null);
      await logs.append([line], { key: `${PREFIX}${id}`, to: TAKEN });
      bus.publish('logs', id);
    },
    async forgetGone() {
      const gone: string[] = [];
      for (const { key } of await logs.cursors(PREFIX)) {
        const id = parseId('vm', key.slice(PREFIX.length));
        if (id === null || (await store.vms.get(id)) === null) gone.push(key);
      }
      if (gone.length > 0) await logs.dropCursors(gone);
    },
    async stop() {
      unfollow();
      await intake.stop();
    },
  };
}

/** Null: there is no such VM any more, or nothing more of it is taken. */
async function take(
  { store, drivers, logs, bus, clock }: ConsoleDeps,
  source: string,
  { signal, rest, isEnding }: { readonly signal: AbortSignal; readonly rest: Rest | null; readonly isEnding: boolean },
): Promise<{ readonly bytes: number; readonly hasMore: boolean; readonly rest: Rest | null } | null> {
  const id: VmId | null = parseId('vm', source);
  const vm = id === null ? null : await store.vms.get(id);
  if (vm === null) return null;
  const key = `${PREFIX}${vm.id}`;
  const position = (await logs.cursor(key)) ?? 0;
  if (position === TAKEN) return null;
  const pieces: Uint8Array[] = [];
  let first: number | null = null;
  let length = 0;
  let isBeforeGap = false;
  for await (const { offset, bytes } of drivers
    .of(vm)
    .readConsole(vm.id, { offset: position, follow: false, signal })) {
    // What lies behind a gap is the next piece, and the line before it has no end to wait for.
    isBeforeGap = first !== null && offset !== first + length;
    if (isBeforeGap) break;
    first ??= offset;
    pieces.push(bytes);
    length += bytes.length;
    if (length >= PIECE_BYTES) break;
  }
  if (first === null) return { bytes: 0, hasMore: false, rest: null };
  const end = first + length;
  const nowMs = clock.monotonicMs();
  const sinceMs = rest?.end === end ? rest.sinceMs : nowMs;
  const { next } = await logs.appendOutput({
    ...{ key, source: 'console', vmId: vm.id, owner: vm.owner, executionId: null, at: clock.now(), offset: first },
    ...{ bytes: joined(pieces, length), isEnd: false },
    isPaused: isEnding || isBeforeGap || nowMs - sinceMs >= PARTIAL_AFTER_MS,
  });
  if (next > position) bus.publish('logs', vm.id);
  const hasMore = isBeforeGap || length >= PIECE_BYTES;
  return { bytes: next - position, hasMore, rest: next < end ? { end, sinceMs } : null };
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

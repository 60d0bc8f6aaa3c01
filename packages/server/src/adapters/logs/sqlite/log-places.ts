/** In which thread questions about the lines are answered. */

import type { Checkpoints } from '../../shared/checkpoints.ts';
import { startTypedWorker } from '../../shared/typed-worker.ts';
import { createLogService, type LogAnswer, type LogQuestion, TOO_MUCH } from './log-service.ts';

export interface PlaceOptions {
  readonly path: string;
  readonly isWriter: boolean;
}

interface Message {
  readonly id: number;
  readonly question: LogQuestion;
}

/** Where questions are answered. */
export interface Place {
  post(message: Message): void;
  /** Whether somebody waits for an answer, which keeps the program going. */
  hold(isHeld: boolean): void;
  end(): Promise<void>;
}

/** `over`: it answers nothing more. */
export type StartPlace = (
  options: PlaceOptions,
  heard: (answer: LogAnswer) => void,
  over: (error: unknown) => void,
) => Place;

/** A thread of its own. */
export const startWorker: StartPlace = (options, heard, over) => {
  const worker = startTypedWorker(new URL('./log-worker.ts', import.meta.url), options);
  worker.on('message', heard);
  worker.on('error', over);
  worker.on('exit', () => over(new Error('the thread of the logs has ended')));
  return {
    post: (message) => worker.postMessage(message),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    end: async () => {
      await worker.terminate();
    },
  };
};

/** This thread. */
export const startHere: StartPlace = startHereWith(null);

function startHereWith(checkpoints: Checkpoints | null): StartPlace {
  return (options, heard) => {
    const service = createLogService({ ...options, checkpoints }, heard);
    return { post: (message) => void service.receive(message), hold: () => undefined, end: async () => undefined };
  };
}

/** What is written within a second before it takes a thread of its own: as much as nobody else notices. */
const LITTLE = { lines: 256, bytes: 65_536 } as const;
/** Of a question of nobody's: to close the file, so that the other thread can have it. */
const MOVING = -2;

/** This thread as long as there is little to write or to drop, and from then on one of its own: that takes 15 MiB. `checkpoints` move what this thread commits; null: it does. */
export function startHereFirst(checkpoints: Checkpoints | null): StartPlace {
  return (options, heard, over) => beginHere(checkpoints, options, { heard, over });
}

function beginHere(
  checkpoints: Checkpoints | null,
  options: PlaceOptions,
  { heard, over }: { readonly heard: (answer: LogAnswer) => void; readonly over: (error: unknown) => void },
): Place {
  /** Asked here, and not answered. */
  const open = new Map<number, Message>();
  /** What has come since it was to move; null: it stays, or has moved. */
  let arrived: Message[] | null = null;
  let isHere = true;
  let isClosing = false;
  let isHeld = false;
  const isMuch = createGauge();

  let place = startHereWith(checkpoints)(
    options,
    (answer) => {
      if ('id' in answer && answer.id === MOVING) move();
      else if (isTooMuchHere(answer)) takeAlong(answer.id);
      else heard(answer);
      if ('id' in answer) open.delete(answer.id);
      moveIfDone();
    },
    over,
  );

  /** The file is had by one of the two at a time, so that nothing overtakes anything. */
  function moveIfDone(): void {
    if (arrived === null || open.size > 0 || isClosing) return;
    isClosing = true;
    place.post({ id: MOVING, question: { kind: 'close' } });
  }

  function move(): void {
    const messages = arrived ?? [];
    arrived = null;
    isHere = false;
    place = startWorker(options, heard, over);
    place.hold(isHeld);
    for (const message of messages) place.post(message);
  }

  /** What was asked here and left to the thread. */
  function takeAlong(id: number): void {
    const message = open.get(id);
    arrived ??= [];
    if (message !== undefined) arrived.push(message);
  }

  return {
    post(message) {
      if (isHere && isMuch(message.question)) arrived ??= [];
      if (arrived !== null) {
        arrived.push(message);
        moveIfDone();
        return;
      }
      if (isHere) open.set(message.id, message);
      place.post(isHere ? littleOf(message) : message);
    },
    hold(held) {
      isHeld = held;
      place.hold(held);
    },
    end: () => place.end(),
  };
}

/** How much a pruning drops is known only to who looks at the file. */
function littleOf({ id, question }: Message): Message {
  return { id, question: question.kind === 'prune' ? { ...question, mostLines: LITTLE.lines } : question };
}

function isTooMuchHere(answer: LogAnswer): answer is Extract<LogAnswer, { readonly result: unknown }> {
  return 'result' in answer && answer.result === TOO_MUCH;
}

/** Whether more than a little has been asked to be written within a second. */
function createGauge(): (question: LogQuestion) => boolean {
  let [sinceMs, lines, bytes] = [0, 0, 0];
  return (question) => {
    const nowMs = performance.now();
    if (nowMs - sinceMs > 1_000) [sinceMs, lines, bytes] = [nowMs, 0, 0];
    if (question.kind === 'append') lines += question.lines.length;
    if (question.kind === 'appendOutput') bytes += question.output.bytes.length;
    return lines > LITTLE.lines || bytes > LITTLE.bytes;
  };
}

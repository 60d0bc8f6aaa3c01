import { toSafeWords } from './console-text.ts';
import { formatDuration } from './format.ts';
import { styled } from './style.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const BAR_CELLS = 20;
const REDRAW_MS = 100;
/** In a pipe, messages that follow each other faster than this are left out. */
const PLAIN_LINE_MS = 1000;

export interface ProgressUpdate {
  /** 0 to 1; null when nobody can tell. */
  readonly fraction: number | null;
  readonly message: string;
}

/** One thing under way, shown until it is told how it ended. */
export interface Stage extends Disposable {
  update(update: ProgressUpdate): void;
  /** Ends it well, with what there is to say about it. */
  succeed(note?: string): void;
  /** Ends it as not done. */
  fail(): void;
  /** Ends the showing alone: it goes on, as the note says. */
  leave(note: string): void;
}

/**
 * Shows on this stream that something is under way: as a live line with a bar and a clock on a terminal, else as plain
 * lines: one when it begins, one at a new message (if the last is a second old), and one at its end. Disposing of it
 * unended leaves the line clean.
 */
export function startStage(stream: NodeJS.WriteStream, title: string): Stage {
  const stage = stream.isTTY ? startLiveStage(stream, title) : startPlainStage(stream, title);
  return { ...stage, update: ({ fraction, message }) => stage.update({ fraction, message: toSafeWords(message) }) };
}

function startLiveStage(stream: NodeJS.WriteStream, title: string): Stage {
  const beganAt = performance.now();
  let last: ProgressUpdate = { fraction: null, message: '' };
  let frame = 0;
  let isOver = false;

  function draw(): void {
    frame += 1;
    const elapsed = formatDuration(performance.now() - beganAt);
    const text = [title, formatBar(last.fraction), last.message, elapsed].filter((part) => part !== '').join('  ');
    stream.write(
      `\r\x1b[K${styled(stream, 'cyan', FRAMES[frame % FRAMES.length] ?? '')} ${cut(text, (stream.columns || 80) - 3)}`,
    );
  }

  function end(line: string): void {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    stream.write(`\r\x1b[K${line}`);
  }

  const timer = setInterval(draw, REDRAW_MS);
  timer.unref();
  draw();
  const took = () => styled(stream, 'gray', formatDuration(performance.now() - beganAt));
  return {
    update: (update) => {
      last = update;
    },
    succeed: (note) => end(`${styled(stream, 'green', '✔')} ${note ?? title}  ${took()}\n`),
    fail: () => end(`${styled(stream, 'red', '✘')} ${title}  ${took()}\n`),
    leave: (note) => end(`${note}\n`),
    [Symbol.dispose]: () => end(''),
  };
}

function startPlainStage(stream: NodeJS.WriteStream, title: string): Stage {
  const beganAt = performance.now();
  let shown = '';
  let shownAt = Number.NEGATIVE_INFINITY;
  let isOver = false;
  const took = () => formatDuration(performance.now() - beganAt);

  function end(line: string): void {
    if (!isOver) stream.write(line);
    isOver = true;
  }

  stream.write(`${title} ...\n`);
  return {
    update: ({ message }) => {
      const isSoon = performance.now() - shownAt < PLAIN_LINE_MS;
      if (message === shown || message === '' || isSoon || isOver) return;
      shown = message;
      shownAt = performance.now();
      stream.write(`  ${message}\n`);
    },
    succeed: (note) => end(`${note ?? title}: done in ${took()}\n`),
    fail: () => end(`${title}: failed after ${took()}\n`),
    leave: (note) => end(`${note}\n`),
    [Symbol.dispose]: () => end(''),
  };
}

function formatBar(fraction: number | null): string {
  if (fraction === null) return '';
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * BAR_CELLS);
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} ${Math.floor(fraction * 100)} %`;
}

/** A line that wraps cannot be drawn over: so it is cut. */
function cut(text: string, columns: number): string {
  const room = Math.max(10, columns);
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

import { constants, fstatSync, openSync, writeSync } from 'node:fs';

/** Where the lines of a program's own log go. */
export interface LineSink {
  /** Writes before it returns, as far as that is possible without waiting. */
  write(line: string): void;
}

/** What waits at most for whoever does not take it, bytes; past it the newest lines are lost, and counted. */
const WAITING_BYTES = 256 * 1024;
/** How often what waits is tried again while nothing new is written, and how often at most while much is. */
const RETRY_MS = 100;
const PAUSE_MS = 5;
/** How long a program that ends waits for whoever reads what it has said last. */
const LAST_MS = 1_000;
/** Nobody wakes those who wait here. */
const NOBODY = new Int32Array(new SharedArrayBuffer(4));

/**
 * This process's stderr. Nobody may be reading it, and the disk that it lies on may be full: neither holds anything up
 * or ends anything. `lostLine` makes the line that says, once there is room again, how many were lost.
 */
export function openStandardError(lostLine: (count: number) => string): LineSink {
  const fd = descriptorThatNeverWaits();
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lost = 0;
  let isRetryDue = false;
  let isFullUntilMs = 0;

  function add(line: string): void {
    const bytes = Buffer.from(line);
    waiting.push(bytes);
    waitingBytes += bytes.length;
  }

  function drain(): void {
    const written = writeAll(fd, waiting);
    waitingBytes -= written.bytes;
    waiting = written.rest;
    if (waiting.length > 0) {
      isFullUntilMs = performance.now() + PAUSE_MS;
      // A program that is over does not wait for it.
      if (!isRetryDue) setTimeout(retry, RETRY_MS).unref();
      isRetryDue = true;
    } else if (lost > 0) {
      add(lostLine(lost));
      lost = 0;
      drain();
    }
  }

  function retry(): void {
    isRetryDue = false;
    drain();
  }

  // The last words are those that matter: whoever reads them is given a moment.
  process.once('exit', () => {
    for (const untilMs = performance.now() + LAST_MS; waiting.length > 0 && performance.now() < untilMs; ) {
      drain();
      if (waiting.length > 0) Atomics.wait(NOBODY, 0, 0, PAUSE_MS);
    }
  });

  return {
    write(line) {
      const isWorthTrying = performance.now() >= isFullUntilMs;
      if (isWorthTrying && waiting.length > 0) drain();
      if (waitingBytes > 0 && waitingBytes + line.length > WAITING_BYTES) {
        lost += 1;
        return;
      }
      add(line);
      if (isWorthTrying) drain();
    },
  };
}

/**
 * A pipe or a terminal is opened once more, since whoever else has it need not find theirs changed. What cannot be
 * opened, such as a socket, Node makes so that it never waits as soon as it has a stream for it. A file never waits,
 * and opened once more it would be written from its beginning.
 */
function descriptorThatNeverWaits(): number {
  if (fstatSync(2).isFile()) return 2;
  try {
    return openSync('/proc/self/fd/2', constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return process.stderr.fd;
  }
}

/** Writes as much as can be without waiting; the rest stays. */
function writeAll(fd: number, lines: readonly Buffer[]): { readonly bytes: number; readonly rest: Buffer[] } {
  let bytes = 0;
  for (const [at, line] of lines.entries()) {
    const written = tryToWrite(fd, line);
    bytes += written;
    if (written < line.length) return { bytes, rest: [line.subarray(written), ...lines.slice(at + 1)] };
  }
  return { bytes, rest: [] };
}

function tryToWrite(fd: number, bytes: Buffer): number {
  try {
    return writeSync(fd, bytes);
  } catch {
    // Full, or nobody reads it any more: there is nowhere to tell of it, and it is tried again.
    return 0;
  }
}

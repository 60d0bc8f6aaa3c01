import type { ExecRequest } from '../../domain/execution/execution.ts';
import type { ExecutionId } from '../../domain/ids.ts';
import type { Abortable, GuestExit, GuestLink, GuestProcess } from '../guest-link.ts';

/** A guest with a link to it. */
export interface GuestLinkSubject extends AsyncDisposable {
  readonly link: GuestLink;
  /** An empty directory of the guest, absolute. */
  readonly directory: string;
  /**
   * A TCP port of the guest where all that is sent comes back, and where the end of what is sent ends what comes back.
   * Null: the connection tests have to be among the skipped ones.
   */
  readonly echoPort: number | null;
}

/** What the groups of tests are given. */
export interface GuestLinkContext {
  /** Declares a test, or skips it with the reason that the implementation gave. */
  readonly law: (name: string, test: () => Promise<void>) => void;
  /** Only while a test runs. */
  readonly subject: () => GuestLinkSubject;
  /** A path in the guest where nothing is yet. */
  readonly newPath: () => string;
  readonly newId: () => ExecutionId;
  /** Never aborted. */
  readonly options: Abortable;
}

/** A request to run `argv` as root, with nothing else said. */
export function command(argv: readonly string[], more: Partial<ExecRequest> = {}): ExecRequest {
  return { argv, env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0, ...more };
}

/** A request to have the shell do `script`. */
export function shell(script: string, more: Partial<ExecRequest> = {}): ExecRequest {
  return command(['sh', '-c', script], more);
}

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: GuestExit;
}

/** Reads a process to its end, acknowledges all, and lets it go. Fails if a byte is missing or comes twice. */
export async function readToEnd(process: GuestProcess, from = { stdout: 0, stderr: 0 }): Promise<Ran> {
  const parts: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  const next = { ...from };
  for await (const { stream, offset, bytes } of process.output) {
    if (offset !== next[stream]) throw new Error(`${stream} goes on at ${offset} instead of ${next[stream]}`);
    next[stream] += bytes.length;
    parts[stream].push(Uint8Array.from(bytes));
    process.acknowledge(stream, next[stream]);
  }
  const exit = await process.exit;
  await process[Symbol.asyncDispose]();
  return { stdout: textOf(parts.stdout), stderr: textOf(parts.stderr), exit };
}

/** Runs a command from its start to its end. */
export async function run({ subject, newId, options }: GuestLinkContext, request: ExecRequest): Promise<Ran> {
  return readToEnd(await subject().link.exec(newId(), request, options));
}

/** Reads from the process until its standard output, from `from` on, contains `text`. Returns what was read of it. */
export async function readUntil(process: GuestProcess, text: string): Promise<string> {
  let seen = '';
  const pieces = process.output[Symbol.asyncIterator]();
  while (!seen.includes(text)) {
    const piece = await pieces.next();
    if (piece.done === true)
      throw new Error(`the output ended before ${JSON.stringify(text)}: ${JSON.stringify(seen)}`);
    if (piece.value.stream === 'stdout') seen += textOf([piece.value.bytes]);
  }
  return seen;
}

export function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode();
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The content of a file, or of a connection. */
export async function readAll(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(Uint8Array.from(part));
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Content in pieces, as an upload comes. */
export async function* inPieces(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? bytesOf(piece) : piece;
}

import type { Clock } from '../../../../ports/clock.ts';
import { runCloudInit } from './cloud-init.ts';
import type { FileTree } from './file-tree.ts';

/** Where a program writes. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
}

/** What a program is given. It ends with the signal's reason when it is killed. */
export interface ProgramContext {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly files: FileTree;
  readonly clock: Clock;
  readonly terminal: () => { readonly rows: number; readonly columns: number } | null;
  readonly signal: AbortSignal;
}

/** Runs to its exit code, 0 to 255. */
export type Program = (context: ProgramContext) => Promise<number>;

const BLOCK_BYTES = 16 * 1024;
const encoder = new TextEncoder();

/** The programs of every simulated guest, beside the shell. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map<string, Program>([
  ['true', async () => 0],
  ['false', async () => 1],
  ['echo', echo],
  ['cat', cat],
  ['env', async ({ env, stdout }) => print(stdout, ...Object.entries(env).map(([name, value]) => `${name}=${value}`))],
  ['pwd', async ({ cwd, stdout }) => print(stdout, cwd)],
  [
    'hostname',
    async ({ files, stdout }) => print(stdout, new TextDecoder().decode(files.read('/etc/hostname')).trim()),
  ],
  ['id', async ({ stdout }) => print(stdout, 'uid=0(root) gid=0(root) groups=0(root)')],
  ['sleep', sleep],
  ['yes', yes],
  ['head', head],
  ['wc', countBytes],
  ['stty', terminalSize],
  // What is written is kept at once.
  ['sync', async () => 0],
  ['touch', touch],
  ['printf', printf],
  // Of the tool cloud-init, which has a Python for its stages alone.
  ['python3', runCloudInit],
  ['test', isTerminal],
]);

/** The absolute path that `path` means in this directory. */
export function resolvePath(cwd: string, path: string): string {
  return path.startsWith('/') ? path : `${cwd.replace(/\/$/, '')}/${path}`;
}

async function print(sink: Sink, ...lines: readonly string[]): Promise<number> {
  await sink.write(encoder.encode(lines.map((line) => `${line}\n`).join('')));
  return 0;
}

async function echo({ argv, stdout }: ProgramContext): Promise<number> {
  const isOpen = argv[1] === '-n';
  const text = argv.slice(isOpen ? 2 : 1).join(' ');
  await stdout.write(encoder.encode(isOpen ? text : `${text}\n`));
  return 0;
}

async function cat({ argv, stdin, stdout, files, cwd }: ProgramContext): Promise<number> {
  const paths = argv.slice(1);
  if (paths.length === 0) for await (const chunk of stdin) await stdout.write(chunk);
  for (const path of paths) await stdout.write(files.read(resolvePath(cwd, path)));
  return 0;
}

async function sleep({ argv, clock, signal }: ProgramContext): Promise<number> {
  const seconds = argv[1] === 'infinity' ? 1e9 : Number(argv[1]);
  if (!(seconds >= 0)) return 1;
  await clock.sleep(seconds * 1_000, { signal });
  return 0;
}

async function yes({ argv, stdout, signal }: ProgramContext): Promise<number> {
  const line = `${argv.slice(1).join(' ') || 'y'}\n`;
  const block = encoder.encode(line.repeat(Math.ceil(BLOCK_BYTES / line.length)));
  for (;;) {
    signal.throwIfAborted();
    await stdout.write(block);
  }
}

async function head({ argv, stdin, stdout }: ProgramContext): Promise<number> {
  const unit = argv[1] === '-c' ? 'bytes' : 'lines';
  let left = Number(argv[1]?.startsWith('-') === true ? (argv[2] ?? 10) : 10);
  for await (const chunk of stdin) {
    const end = unit === 'bytes' ? Math.min(left, chunk.length) : endOfLines(chunk, left);
    await stdout.write(chunk.subarray(0, end));
    left -= unit === 'bytes' ? end : countLines(chunk.subarray(0, end));
    if (left <= 0) break;
  }
  return 0;
}

async function countBytes({ stdin, stdout }: ProgramContext): Promise<number> {
  let count = 0;
  for await (const chunk of stdin) count += chunk.length;
  return print(stdout, String(count));
}

async function terminalSize({ stdout, stderr, terminal }: ProgramContext): Promise<number> {
  const size = terminal();
  if (size !== null) return print(stdout, `${size.rows} ${size.columns}`);
  await print(stderr, 'stty: standard input: Inappropriate ioctl for device');
  return 1;
}

async function touch({ argv, files, cwd }: ProgramContext): Promise<number> {
  for (const path of argv.slice(1))
    files.write(resolvePath(cwd, path), new Uint8Array(), { mode: null, makeParents: false });
  return 0;
}

/** `%s` and `\\n` only. */
async function printf({ argv, stdout }: ProgramContext): Promise<number> {
  const values = argv.slice(2);
  const text = (argv[1] ?? '').replaceAll('\\n', '\n').replaceAll('%s', () => values.shift() ?? '');
  await stdout.write(encoder.encode(text));
  return 0;
}

/** `test -t N`: on a terminal all three streams are it. */
async function isTerminal({ argv, terminal }: ProgramContext): Promise<number> {
  return argv[1] === '-t' && terminal() !== null ? 0 : 1;
}

function countLines(bytes: Uint8Array): number {
  return bytes.reduce((count, byte) => (byte === 10 ? count + 1 : count), 0);
}

function endOfLines(bytes: Uint8Array, lines: number): number {
  let end = 0;
  for (let line = 0; line < lines && end < bytes.length; line++) {
    const at = bytes.indexOf(10, end);
    end = at === -1 ? bytes.length : at + 1;
  }
  return end;
}

import { VolaryError } from '../../domain/errors.ts';
import { findProgram, runProgram } from '../shared/run-program.ts';

const SEARCH_PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
/** The package of Debian that each program comes in. */
const PACKAGES = {
  mksquashfs: 'squashfs-tools',
  patchelf: 'patchelf',
  tar: 'tar',
  'apt-get': 'apt',
  'apt-cache': 'apt',
  'dpkg-deb': 'dpkg',
} as const;
export type BuildProgram = keyof typeof PACKAGES;
/** Of what a program that failed has said. */
const LAST_LINES = 6;
const LINE_LENGTH = 300;

/** Throws `failed_precondition` tool.program_missing that names what is missing and what brings it. */
export function requirePrograms(needed: readonly BuildProgram[], searchPath = SEARCH_PATH): void {
  const missing = needed.filter((name) => findProgram(name, searchPath) === null);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PACKAGES[name]))];
  throw new VolaryError(
    'failed_precondition',
    `Building a tool needs ${missing.join(', ')}. On Debian and Ubuntu: apt-get install ${packages.join(' ')}.`,
    { reason: 'tool.program_missing', details: { programs: missing, packages } },
  );
}

/** Runs a program of a build, and answers what it printed. Throws `failed_precondition` tool.build_failed with its last words. */
export async function runTool(
  program: BuildProgram,
  args: readonly string[],
  {
    what,
    signal,
    hidden = [],
    cwd,
    env = {},
  }: {
    /** What is being done: "unpacking the archive". */
    readonly what: string;
    readonly signal: AbortSignal;
    /** Parts of paths that must not appear in the error. */
    readonly hidden?: readonly string[];
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<string> {
  const path = findProgram(program, SEARCH_PATH);
  if (path === null) requirePrograms([program]);
  const result = await runProgram(path ?? program, args, { signal, env, ...(cwd === undefined ? {} : { cwd }) });
  if (result.exitCode === 0) return result.stdout;
  throw buildFailed(what, `${result.stdout}\n${result.stderr}`, hidden);
}

/** `words`: of the program that failed. */
function buildFailed(what: string, words: string, hidden: readonly string[]): VolaryError {
  const lines = words.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => /^(E|Err|W): ?|error|fail|unable|no space/i.test(line.trim()));
  const shown = (telling.length > 0 ? telling : lines)
    .slice(-LAST_LINES)
    .map((line) => hidden.reduce((text, path) => text.replaceAll(path, '…'), line).slice(0, LINE_LENGTH));
  if (/No space left|Disk quota exceeded/.test(words)) {
    return new VolaryError('resource_exhausted', 'The disk that holds the cache is full: the tool was not built.', {
      reason: 'tool.no_room',
      context: { words },
    });
  }
  return new VolaryError('failed_precondition', `It failed while ${what}:\n${shown.join('\n')}`, {
    reason: 'tool.build_failed',
    context: { words },
  });
}

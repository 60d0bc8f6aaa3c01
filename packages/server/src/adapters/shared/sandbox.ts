/**
 * How a program is run that opens what somebody else made: as an unprivileged user without a way back, without a network, where it sees none
 * of the host's data, and with bounds on its memory, time and what it writes. Its files are descriptors that it inherits.
 */
import { spawnSync } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { type ProgramResult, runProgram } from './run-program.ts';

export interface SandboxBounds {
  readonly memoryMib: number;
  readonly cpuSeconds: number;
  /** Of any file that it writes. */
  readonly fileBytes: number;
}

/** Nobody's on any distribution: `nobody` owns files on some. Beside those that the users of VMMs come from. */
const SANDBOX_USER = 60_577;
/** Folders of the host that it finds empty. What it needs of /usr, it sees. */
const HIDDEN = ['/home', '/root', '/var', '/tmp', '/srv', '/mnt', '/media', '/opt', '/run', '/etc'];

/** The command that becomes `argv` in the sandbox, its program first. Without root it is what can be had, at least without privileges. */
export function sandboxed(argv: readonly string[], bounds: SandboxBounds): readonly [string, ...string[]] {
  const limits = [
    ...['prlimit', `--as=${bounds.memoryMib * 1024 ** 2}`, `--cpu=${bounds.cpuSeconds}`],
    // Each thread's stack counts as memory, whatever is used of it.
    ...[`--fsize=${bounds.fileBytes}`, '--nofile=64', '--stack=1048576', '--core=0', '--'],
  ];
  if (process.getuid?.() !== 0) {
    const apart = canMakeNamespaces() ? ['unshare', '--user', '--map-current-user', '--net', '--ipc', '--'] : [];
    return ['setpriv', '--pdeathsig=KILL', '--no-new-privs', '--', ...apart, ...limits, ...argv];
  }
  const user = [`--reuid=${SANDBOX_USER}`, `--regid=${SANDBOX_USER}`, '--clear-groups', '--bounding-set=-all'];
  const inside = `for d in ${HIDDEN.join(' ')}; do [ -d "$d" ] && mount -t tmpfs -o ro,size=4k none "$d"; done; exec "$@"`;
  return [
    ...(['setpriv', '--pdeathsig=KILL', '--'] as const),
    ...['unshare', '--mount', '--net', '--ipc', '--uts', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', '--'],
    ...['sh', '-c', inside, 'sh'],
    ...['setpriv', ...user, '--no-new-privs', '--', ...limits, ...argv],
  ];
}

/** As few arenas as there can be: each takes of the bound, whatever is used of it. */
export const SANDBOX_ENV = { MALLOC_ARENA_MAX: '1' } as const;

/**
 * Runs a program in the sandbox that writes to this file, which it has as its descriptor 3, open for writing. For as long as it takes the file is its user's, who has no other
 * way to it; then it is again whose it was.
 */
export async function runOnFile(
  file: FileHandle,
  argv: readonly string[],
  { signal, ...bounds }: SandboxBounds & { readonly signal: AbortSignal },
): Promise<ProgramResult> {
  const [program, ...args] = sandboxed(argv, bounds);
  const { uid, gid } = await file.stat();
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await file.chown(SANDBOX_USER, SANDBOX_USER);
  try {
    return await runProgram(program, args, { signal, env: SANDBOX_ENV, descriptors: [file.fd] });
  } finally {
    if (isRoot) await file.chown(uid, gid);
  }
}

/** Distributions differ in whether users may. Asked once, since a host does not change its mind while it runs. */
const canMakeNamespaces = once(
  () => spawnSync('unshare', ['--user', '--map-current-user', '--net', 'true']).status === 0,
);

function once<T>(find: () => T): () => T {
  let found: { readonly value: T } | null = null;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

/**
 * How a program is run that opens what somebody else made: as an unprivileged user without a way back, without a network, where it sees none
 * of the host's data, and with bounds on its memory, time and what it writes. Its files are descriptors that it inherits.
 */
import { spawnSync } from 'node:child_process';

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

import type { Identity } from '../../shared/vm-identity.ts';

/**
 * The command that becomes the VMM with those privileges and no way to others. `setpriv` rather than Node's `uid`: that
 * one drops the supplementary groups; and QEMU's own `-runas` dies under the sandbox's `elevateprivileges=deny`.
 */
export function dropPrivileges(
  identity: Identity | null,
  argv: readonly string[],
  options: {
    /** The kernel kills it when we die: for guests that nobody could find again. */
    readonly diesWithUs: boolean;
  },
): readonly string[] {
  const always = ['--no-new-privs', ...(options.diesWithUs ? ['--pdeathsig=KILL'] : []), '--', ...argv];
  if (identity === null) return ['setpriv', ...always];
  const groups = identity.groups.length === 0 ? '--clear-groups' : `--groups=${identity.groups.join(',')}`;
  return ['setpriv', `--reuid=${identity.uid}`, `--regid=${identity.gid}`, groups, ...always];
}

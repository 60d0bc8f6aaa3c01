import type { Mutation } from '../../domain/audit/actions.ts';
import type { User } from '../../domain/user/user.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** What tells a change of an account in the audit, besides the fields' names: no value of any. */
const FIELDS = [
  'email',
  'displayName',
  'roles',
  'state',
  'quota',
  'labels',
  'passwordHash',
  'mfa',
] as const satisfies readonly (keyof User)[];
const WORDS: Readonly<Record<(typeof FIELDS)[number], string>> = {
  email: 'email',
  displayName: 'display_name',
  roles: 'roles',
  state: 'state',
  quota: 'quota',
  labels: 'labels',
  passwordHash: 'password',
  mfa: 'mfa',
};

/** What was done to this account, told by what it has become. */
export function doneToUser(before: User, after: User): Done {
  const changed = FIELDS.filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return {
    action: actionOf(before, after, changed),
    target: auditTarget('user', after),
    details: {
      changed: changed.map((field) => WORDS[field]),
      ...(changed.includes('roles') ? { roles: after.roles } : {}),
    },
  };
}

function actionOf(before: User, after: User, changed: readonly string[]): Mutation {
  if (after.state === 'deleted') return 'user.delete';
  if (changed.includes('mfa')) return mfaAction(before, after);
  return changed.includes('passwordHash') ? 'user.set-password' : 'user.update';
}

function mfaAction({ mfa: before }: User, { mfa: after }: User): Mutation {
  if (after === null) return 'user.disable-mfa';
  if (before?.sealedSecret !== after.sealedSecret) return 'user.enrol-mfa';
  return before.confirmedAt === after.confirmedAt ? 'user.make-recovery-codes' : 'user.confirm-mfa';
}

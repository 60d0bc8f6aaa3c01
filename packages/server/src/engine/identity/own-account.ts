import { SYSTEM } from '../../domain/principal/principal.ts';
import type { User } from '../../domain/user/user.ts';
import { BUILT_IN_ADMIN } from '../../domain/user/user.ts';
import type { UserApi } from '../apis/user-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { changeUser } from './change-user.ts';
import { doneToUser } from './done-to-user.ts';
import { findUser } from './find-user.ts';
import type { IdentityDeps } from './identity-deps.ts';
import { newBuiltInAdmin } from './new-user.ts';

/** 120 random bits: 20 characters to be copied once. */
const FIRST_PASSWORD_BYTES = 15;

/** What a user sees of the own account, and changes there: nothing that gives rights. */
export function createOwnAccount(deps: IdentityDeps): Pick<UserApi, 'me' | 'updateMe'> {
  return {
    me: (principal) => findUser(deps.store, principal.name),
    async updateMe(principal, { email, displayName }) {
      const change: Partial<User> = {
        ...(email === undefined ? {} : { email }),
        ...(displayName === undefined ? {} : { displayName }),
      };
      return await changeUser(deps, principal, principal.name, () => change);
    },
  };
}

/** Makes the built-in administrator's account unless there is, or was, one. True if it has just been made. */
export async function ensureBuiltInAdmin({
  store,
  clock,
  ids,
}: Pick<IdentityDeps, 'store' | 'clock' | 'ids'>): Promise<boolean> {
  if ((await store.users.getByName(BUILT_IN_ADMIN)) !== null) return false;
  return await store.transaction(async (tables) => {
    if ((await tables.users.getByName(BUILT_IN_ADMIN)) !== null) return false;
    const admin = newBuiltInAdmin({ clock, ids });
    await tables.users.insert(admin);
    const done = {
      action: 'user.create',
      target: auditTarget('user', admin),
      details: { roles: admin.roles },
    } as const;
    await recordAudit(tables, clock, SYSTEM, done);
    return true;
  });
}

/** Gives the built-in administrator a password that nobody knows yet, unless there is one; returns it, to be shown once. */
export async function makeFirstPassword(deps: IdentityDeps): Promise<string | null> {
  const password = deps.keyMaterial.secretText(FIRST_PASSWORD_BYTES);
  const passwordHash = await deps.passwordHasher.hash(password);
  try {
    return await deps.store.transaction(async (tables) => {
      const admin = await tables.users.getByName(BUILT_IN_ADMIN);
      if (admin === null || admin.passwordHash !== null || admin.state !== 'active') return null;
      const now = deps.clock.now();
      const changed = { ...admin, passwordHash, passwordChangedAt: now, revision: admin.revision + 1 };
      await tables.users.update(changed);
      await recordAudit(tables, deps.clock, SYSTEM, doneToUser(admin, changed));
      return password;
    });
  } finally {
    deps.epoch.advance();
  }
}

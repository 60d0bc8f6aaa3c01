import { QUOTA_KINDS, type Quota } from '../../../../domain/user/quota.ts';
import { emailKey, type Mfa, USER_SOURCES, USER_STATES, type User } from '../../../../domain/user/user.ts';
import type { UserRow } from '../rows/user-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A user as a row. */
export function encodeUser(user: User): UserRow {
  return {
    id: user.id,
    name: user.name,
    email: user.email,
    email_key: user.email === null ? null : emailKey(user.email),
    display_name: user.displayName,
    roles: JSON.stringify(user.roles),
    state: user.state,
    source: user.source,
    password_hash: user.passwordHash,
    password_changed_at: user.passwordChangedAt,
    mfa: user.mfa === null ? null : encodeMfa(user.mfa),
    quota: user.quota === null ? null : JSON.stringify(user.quota),
    labels: JSON.stringify(user.labels),
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    last_login_at: user.lastLoginAt,
    revision: user.revision,
  };
}

/** The user in a row. Throws `data_loss` store.damaged. */
export function decodeUser(row: UserRow): User {
  return readRow({ what: 'user', id: row.id }, () => ({
    id: read.id('usr')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    email: read.nullable(read.text)(row.email, 'email'),
    displayName: read.text(row.display_name, 'display_name'),
    roles: texts(row.roles, 'roles'),
    state: state(row.state, 'state'),
    source: source(row.source, 'source'),
    passwordHash: read.nullable(read.text)(row.password_hash, 'password_hash'),
    passwordChangedAt: moment(row.password_changed_at, 'password_changed_at'),
    mfa: mfa(row.mfa, 'mfa'),
    quota: quota(row.quota, 'quota'),
    labels: labels(row.labels, 'labels'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    lastLoginAt: moment(row.last_login_at, 'last_login_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

const moment = read.nullable(read.number);
const texts = read.json(read.list(read.text));
const labels = read.json(read.record(read.text));
const state = read.oneOf(USER_STATES);
const source = read.oneOf(USER_SOURCES);

function encodeMfa({ sealedSecret, confirmedAt, lastUsedStep, recoveryDigests }: Mfa): string {
  return JSON.stringify({ sealedSecret, confirmedAt, lastUsedStep, recoveryDigests });
}

const mfa = read.nullable(
  read.json((value, field): Mfa => {
    const fields = read.object(value, field);
    return {
      sealedSecret: read.text(fields['sealedSecret'], `${field}.sealedSecret`),
      confirmedAt: moment(fields['confirmedAt'], `${field}.confirmedAt`),
      lastUsedStep: read.nullable(read.count)(fields['lastUsedStep'], `${field}.lastUsedStep`),
      recoveryDigests: read.list(read.text)(fields['recoveryDigests'], `${field}.recoveryDigests`),
    };
  }),
);

const quota = read.nullable(
  read.json((value, field): Quota => {
    const fields = read.object(value, field);
    const limits: { -readonly [Kind in keyof Quota]: Quota[Kind] } = {};
    for (const kind of QUOTA_KINDS) {
      if (fields[kind] !== undefined) limits[kind] = read.count(fields[kind], `${field}.${kind}`);
    }
    return limits;
  }),
);

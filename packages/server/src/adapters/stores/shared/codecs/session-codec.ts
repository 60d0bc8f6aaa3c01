import { SESSION_END_REASONS, type Session } from '../../../../domain/session/session.ts';
import type { SigningKey } from '../../../../domain/session/signing-key.ts';
import type { SessionRow, SigningKeyRow } from '../rows/session-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A session as a row. */
export function encodeSession(session: Session): SessionRow {
  return {
    id: session.id,
    user_id: session.userId,
    owner: session.owner,
    generation: session.generation,
    rotates: session.rotates ? 1 : 0,
    user_agent: session.userAgent,
    address: session.address,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt,
    expires_at: session.expiresAt,
    ended_at: session.end?.at ?? null,
    ended_because: session.end?.because ?? null,
    revision: session.revision,
  };
}

/** The session in a row. Throws `data_loss` store.damaged. */
export function decodeSession(row: SessionRow): Session {
  return readRow({ what: 'session', id: row.id }, () => ({
    id: read.id('sess')(row.id, 'id'),
    userId: read.id('usr')(row.user_id, 'user_id'),
    owner: read.text(row.owner, 'owner'),
    generation: read.count(row.generation, 'generation'),
    rotates: read.flag(row.rotates, 'rotates'),
    userAgent: read.text(row.user_agent, 'user_agent'),
    address: read.nullable(read.text)(row.address, 'address'),
    createdAt: read.number(row.created_at, 'created_at'),
    lastUsedAt: read.number(row.last_used_at, 'last_used_at'),
    expiresAt: read.number(row.expires_at, 'expires_at'),
    end: end(row),
    revision: read.count(row.revision, 'revision'),
  }));
}

function end({ ended_at, ended_because }: SessionRow): Session['end'] {
  if (ended_at === null && ended_because === null) return null;
  return {
    at: read.number(ended_at, 'ended_at'),
    because: read.oneOf(SESSION_END_REASONS)(ended_because, 'ended_because'),
  };
}

/** A key of tokens as a row. */
export function encodeSigningKey(key: SigningKey): SigningKeyRow {
  return {
    key_id: key.keyId,
    jwk: JSON.stringify(key.jwk),
    sealed_private_key: key.sealedPrivateKey,
    created_at: key.createdAt,
    signs_from: key.signsFrom,
  };
}

/** The key in a row. Throws `data_loss` store.damaged. */
export function decodeSigningKey(row: SigningKeyRow): SigningKey {
  return readRow({ what: 'signing key', id: row.key_id }, () => ({
    keyId: read.text(row.key_id, 'key_id'),
    jwk: read.jsonObject(row.jwk, 'jwk'),
    sealedPrivateKey: read.text(row.sealed_private_key, 'sealed_private_key'),
    createdAt: read.number(row.created_at, 'created_at'),
    signsFrom: read.number(row.signs_from, 'signs_from'),
  }));
}

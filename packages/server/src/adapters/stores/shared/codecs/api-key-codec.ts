import type { ApiKey } from '../../../../domain/user/api-key.ts';
import type { ApiKeyRow } from '../rows/user-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** An API key as a row. */
export function encodeApiKey(key: ApiKey): ApiKeyRow {
  return {
    id: key.id,
    name: key.name,
    owner: key.owner,
    prefix: key.prefix,
    digest: key.digest,
    permissions: key.permissions === null ? null : JSON.stringify(key.permissions),
    labels: JSON.stringify(key.labels),
    expires_at: key.expiresAt,
    last_used_at: key.lastUsedAt,
    created_by: key.createdBy,
    created_at: key.createdAt,
  };
}

/** The API key in a row. Throws `data_loss` store.damaged. */
export function decodeApiKey(row: ApiKeyRow): ApiKey {
  return readRow({ what: 'API key', id: row.id }, () => ({
    id: read.id('key')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    owner: read.text(row.owner, 'owner'),
    prefix: read.text(row.prefix, 'prefix'),
    digest: read.text(row.digest, 'digest'),
    permissions: patterns(row.permissions, 'permissions'),
    labels: labels(row.labels, 'labels'),
    expiresAt: moment(row.expires_at, 'expires_at'),
    lastUsedAt: moment(row.last_used_at, 'last_used_at'),
    createdBy: read.text(row.created_by, 'created_by'),
    createdAt: read.number(row.created_at, 'created_at'),
  }));
}

const moment = read.nullable(read.number);
const labels = read.json(read.record(read.text));
const patterns = read.nullable(read.json(read.list(read.text)));

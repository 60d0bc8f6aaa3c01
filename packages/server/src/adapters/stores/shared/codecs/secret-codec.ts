import type { Secret } from '../../../../domain/secret/secret.ts';
import type { SecretRow } from '../rows/secret-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A secret as a row. */
export function encodeSecret(secret: Secret): SecretRow {
  return {
    id: secret.id,
    name: secret.name,
    owner: secret.owner,
    labels: JSON.stringify(secret.labels),
    description: secret.description,
    version: secret.version,
    size_bytes: secret.sizeBytes,
    is_text: secret.isText ? 1 : 0,
    sealed: secret.sealed,
    created_at: secret.createdAt,
    updated_at: secret.updatedAt,
    last_used_at: secret.lastUsedAt,
    revision: secret.revision,
  };
}

/** The secret in a row. Throws `data_loss` store.damaged. */
export function decodeSecret(row: SecretRow): Secret {
  return readRow({ what: 'secret', id: row.id }, () => ({
    id: read.id('sec')(row.id, 'id'),
    name: read.text(row.name, 'name'),
    owner: read.text(row.owner, 'owner'),
    labels: readLabels(row.labels, 'labels'),
    description: read.text(row.description, 'description'),
    version: read.count(row.version, 'version'),
    sizeBytes: read.count(row.size_bytes, 'size_bytes'),
    isText: read.flag(row.is_text, 'is_text'),
    sealed: read.text(row.sealed, 'sealed'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    lastUsedAt: read.nullable(read.number)(row.last_used_at, 'last_used_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

const readLabels = read.json(read.record(read.text));

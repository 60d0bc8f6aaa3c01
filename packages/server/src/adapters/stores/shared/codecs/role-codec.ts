import type { CustomRole } from '../../../../domain/user/role.ts';
import type { RoleRow } from '../rows/user-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** A role as a row. */
export function encodeRole(role: CustomRole): RoleRow {
  return {
    name: role.name,
    description: role.description,
    permissions: JSON.stringify(role.permissions),
    labels: JSON.stringify(role.labels),
    created_at: role.createdAt,
    updated_at: role.updatedAt,
    revision: role.revision,
  };
}

/** The role in a row. Throws `data_loss` store.damaged. */
export function decodeRole(row: RoleRow): CustomRole {
  return readRow({ what: 'role', id: row.name }, () => ({
    name: read.text(row.name, 'name'),
    description: read.text(row.description, 'description'),
    permissions: patterns(row.permissions, 'permissions'),
    labels: labels(row.labels, 'labels'),
    createdAt: read.number(row.created_at, 'created_at'),
    updatedAt: read.number(row.updated_at, 'updated_at'),
    revision: read.count(row.revision, 'revision'),
  }));
}

const patterns = read.json(read.list(read.text));
const labels = read.json(read.record(read.text));

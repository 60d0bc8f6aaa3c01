import { AUDIT_RESULTS, type AuditEntry, type NewAuditEntry } from '../../../../domain/audit/audit.ts';
import { CREDENTIAL_KINDS } from '../../../../domain/principal/principal.ts';
import type { AuditRow } from '../rows/audit-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';

/** An entry as a row, with the number that it was given. */
export function encodeAuditEntry(entry: NewAuditEntry, sequence: number): AuditRow {
  const { credential, target } = entry;
  return {
    sequence,
    at: entry.at,
    principal: entry.principal,
    credential_kind: credential.kind,
    credential_id: credential.id,
    address: entry.address,
    request_id: entry.requestId,
    action: entry.action,
    target_kind: target.kind,
    target_id: target.id,
    target_name: target.name,
    result: entry.result,
    reason: entry.reason,
    details: JSON.stringify(entry.details),
  };
}

/** The entry in a row. Throws `data_loss` store.damaged. */
export function decodeAuditEntry(row: AuditRow): AuditEntry {
  return readRow({ what: 'audit entry', id: row.sequence }, () => ({
    sequence: read.count(row.sequence, 'sequence'),
    at: read.number(row.at, 'at'),
    principal: read.text(row.principal, 'principal'),
    credential: {
      kind: credentialKind(row.credential_kind, 'credential_kind'),
      id: optionalText(row.credential_id, 'credential_id'),
    },
    address: optionalText(row.address, 'address'),
    requestId: optionalText(row.request_id, 'request_id'),
    action: read.text(row.action, 'action'),
    target: {
      kind: read.text(row.target_kind, 'target_kind'),
      id: optionalText(row.target_id, 'target_id'),
      name: optionalText(row.target_name, 'target_name'),
    },
    result: result(row.result, 'result'),
    reason: optionalText(row.reason, 'reason'),
    details: read.jsonObject(row.details, 'details'),
  }));
}

const result = read.oneOf(AUDIT_RESULTS);
const credentialKind = read.oneOf(CREDENTIAL_KINDS);
const optionalText = read.nullable(read.text);

import type { AuditEntry as AuditEntryDto } from '@volary/contract';
import type { AuditEntry } from '../../../domain/audit/audit.ts';
import { toIso } from './to-iso.ts';

/** An entry as `/v1` shows it. */
export function toAuditEntryDto(entry: AuditEntry): AuditEntryDto {
  return {
    sequence: entry.sequence,
    at: toIso(entry.at),
    principal: entry.principal,
    credential: { ...entry.credential },
    address: entry.address,
    request_id: entry.requestId,
    action: entry.action,
    target: { ...entry.target },
    result: entry.result,
    reason: entry.reason,
    details: entry.details,
  };
}

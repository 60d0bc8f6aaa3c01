import {
  AUDIT_RESULTS,
  type AuditEntry as AuditEntryDto,
  CREDENTIAL_KINDS,
  type QuotaLimits,
  type Route,
  routes,
} from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { isMutation } from '../../../domain/audit/actions.ts';
import { type AuditEntry, AUDIT_RESULTS as RESULTS } from '../../../domain/audit/audit.ts';
import { CREDENTIAL_KINDS as KINDS } from '../../../domain/principal/principal.ts';
import { QUOTA_WORDS } from '../../../domain/user/quota.ts';
import { toAuditEntryDto } from './audit-dto.ts';

const ENTRY: AuditEntry = {
  sequence: 7,
  at: 0,
  principal: 'ann',
  credential: { kind: 'api_key', id: 'key_1' },
  address: '192.0.2.1',
  requestId: 'req_1',
  action: 'vm.create',
  target: { kind: 'vm', id: 'vm_1', name: 'first' },
  result: 'refused',
  reason: 'vm.name_taken',
  details: { count: 2 },
};

describe('an entry of the audit on the wire', () => {
  it('tells all that the entry does', () => {
    expect(toAuditEntryDto(ENTRY)).toEqual({
      ...{ sequence: 7, at: '1970-01-01T00:00:00.000Z', principal: 'ann', address: '192.0.2.1', request_id: 'req_1' },
      ...{ credential: { kind: 'api_key', id: 'key_1' }, target: { kind: 'vm', id: 'vm_1', name: 'first' } },
      ...{ action: 'vm.create', result: 'refused', reason: 'vm.name_taken', details: { count: 2 } },
    } satisfies AuditEntryDto);
  });

  it('has the words of the domain', () => {
    expect([...AUDIT_RESULTS]).toEqual([...RESULTS]);
    expect([...CREDENTIAL_KINDS]).toEqual([...KINDS]);
    const table: readonly Route[] = Object.values(routes);
    for (const { action, operationId } of table)
      if (action !== undefined) expect(isMutation(action), operationId).toBe(true);
  });
});

it('quotas have the words of the domain on the wire', () => {
  const words: readonly (keyof QuotaLimits)[] = Object.values(QUOTA_WORDS);

  expect(words).toEqual([
    ...['vms', 'vcpus', 'memory_mib', 'disk_gib'],
    ...['snapshots', 'executions', 'networks', 'security_groups'],
  ]);
});

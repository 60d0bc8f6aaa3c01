import { Type } from 'typebox';
import { AuditEntry, AuditPage, AuditResult } from '../audit.ts';
import { Limit } from '../parameters.ts';
import { json, NDJSON_TYPE, route } from '../route.ts';
import { MOMENT_PATTERN, object } from '../schema.ts';

export const listAudit = route({
  method: 'GET',
  path: '/v1/audit',
  operationId: 'listAudit',
  tag: 'audit',
  summary: 'Read the audit log',
  description:
    'A page, newest first; or, with `Accept: application/x-ndjson`, all there is, oldest first, one entry a line. A stream that fails is cut off, and not ended. `docs/guide/audit.md` says what is written down.',
  permission: 'audit:read',
  headers: [
    {
      name: 'Accept',
      description: '`application/json` (the default) or `application/x-ndjson`.',
      example: NDJSON_TYPE,
    },
  ],
  query: object(
    {
      principal: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only what this user did.' })),
      action: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Only this: `vm.create`.' })),
      target: Type.Optional(
        Type.String({ minLength: 1, maxLength: 128, description: 'Only what was done to this: an id, or a name.' }),
      ),
      result: Type.Optional(AuditResult),
      since: Type.Optional(
        Type.String({ pattern: MOMENT_PATTERN, description: 'Not before this moment: `2026-01-31T12:00:00Z`.' }),
      ),
      until: Type.Optional(
        Type.String({ pattern: MOMENT_PATTERN, description: 'Before this moment, in the same form.' }),
      ),
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^[1-9][0-9]{0,15}$', description: 'The `next_cursor` of the page before.' }),
      ),
    },
    { description: 'Which entries. A stream heeds neither `limit` nor `cursor`.' },
  ),
  responses: {
    200: {
      description: 'Entries.',
      content: [json(AuditPage), { contentType: NDJSON_TYPE, schema: AuditEntry }],
    },
  },
  errors: {},
});

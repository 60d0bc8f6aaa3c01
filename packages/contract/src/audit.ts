import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS } from './ids.ts';
import {
  component,
  enumComponent,
  jsonObject,
  nullableString,
  object,
  pageOf,
  stringEnum,
  timestamp,
} from './schema.ts';
import { CREDENTIAL_KINDS } from './users.ts';

export const AUDIT_RESULTS = ['ok', 'refused', 'failed'] as const;

export const AuditResult = enumComponent(
  'AuditResult',
  AUDIT_RESULTS,
  '`ok`: it took effect, or was begun. `refused`: nothing came of it, by a rule or by what was sent. `failed`: a fault of the server was in the way.',
);
export type AuditResult = Static<typeof AuditResult>;

const EXAMPLE_ENTRY = {
  sequence: 41,
  at: '2026-01-31T12:00:03.000Z',
  principal: 'admin',
  credential: { kind: 'admin_key', id: null },
  address: '127.0.0.1',
  request_id: EXAMPLE_IDS.request,
  action: 'vm.create',
  target: { kind: 'vm', id: EXAMPLE_IDS.vm, name: 'first' },
  result: 'ok',
  reason: null,
  details: { operation_id: EXAMPLE_IDS.operation },
} as const;

export const AuditEntry = component(
  'AuditEntry',
  {
    sequence: Type.Integer({
      minimum: 1,
      description: 'Its number in the log. Grows by one, and is never used again.',
    }),
    at: timestamp('When.'),
    principal: Type.String({
      description: 'Name of the user; `system` for what the server did by itself, `nobody` without a valid credential.',
    }),
    credential: object(
      {
        kind: stringEnum(CREDENTIAL_KINDS, { description: 'What it was.' }),
        id: nullableString({ description: 'Of the API key or the session.' }),
      },
      { description: 'What proved the identity.', examples: [{ kind: 'admin_key', id: null }] },
    ),
    address: nullableString({ description: 'Of the client; null for what the server did by itself.' }),
    request_id: nullableString({ description: "The request's, as in its X-Request-Id header and in the log." }),
    action: Type.String({ description: 'What was done or asked for: `vm.create`. The guide lists them.' }),
    target: object(
      {
        kind: Type.String({ description: 'What it is.' }),
        id: nullableString({ description: 'Its id, if it has one and it is known.' }),
        name: nullableString({ description: 'Its name, if it has one and it is known.' }),
      },
      { description: 'What it was done to.', examples: [EXAMPLE_ENTRY.target] },
    ),
    result: AuditResult,
    reason: nullableString({ description: 'Why not: the reason of the error; null when it is `ok`.' }),
    details: jsonObject({ description: 'What else tells it from others, by action; never a secret, nor content.' }),
  },
  { description: 'Who did what, to what, from where, and what became of it.', examples: [EXAMPLE_ENTRY] },
);
export type AuditEntry = Static<typeof AuditEntry>;

export const AuditPage = pageOf('AuditPage', AuditEntry, EXAMPLE_ENTRY);
export type AuditPage = Static<typeof AuditPage>;

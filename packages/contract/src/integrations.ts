import { type Static, Type } from 'typebox';
import { component, enumComponent, nullable, nullableString, object, timestamp } from './schema.ts';

export const INTEGRATION_NAMES = ['github', 'slack', 'discord'] as const;
export const IntegrationName = enumComponent('IntegrationName', INTEGRATION_NAMES, 'Who is at the other side.');
export type IntegrationName = Static<typeof IntegrationName>;

const EXAMPLE_DELIVERY = { at: '2026-01-31T12:00:03.000Z', kind: 'pull_request', action: 'opened' } as const;
const EXAMPLE_INTEGRATION = {
  ...{ name: 'github', is_configured: true, takes_deliveries: true, can_send: false },
  ...{ status: 'ok', why: null, detail: null, last_delivery: EXAMPLE_DELIVERY },
} as const;

export const Integration = component(
  'Integration',
  {
    name: IntegrationName,
    is_configured: Type.Boolean({ description: 'Whether any of its settings is set.' }),
    takes_deliveries: Type.Boolean({
      description: 'Whether it has the secret that verifies incoming requests.',
    }),
    can_send: Type.Boolean({ description: 'Whether it has a token to send with.' }),
    status: enumComponent(
      'IntegrationStatus',
      ['ok', 'degraded', 'failed', 'disabled'],
      'How it is, measured now. `degraded`: the other side does not answer, or does not know the token. `disabled`: it is not configured.',
    ),
    why: nullableString({ description: 'Why, as a sentence; null where it is well.' }),
    detail: nullableString({ description: 'Further details; null: none.' }),
    last_delivery: nullable(
      object(
        {
          at: timestamp('When it came.'),
          kind: Type.String({ description: "The kind of event, in the sender's words." }),
          action: nullableString({ description: 'What was done, where it says so.' }),
        },
        { description: 'What was processed last.', examples: [EXAMPLE_DELIVERY] },
      ),
    ),
  },
  { description: 'A connected service.', examples: [EXAMPLE_INTEGRATION] },
);
export type Integration = Static<typeof Integration>;

export const IntegrationList = component(
  'IntegrationList',
  { items: Type.Array(Integration, { description: 'All supported ones.' }) },
  { description: 'Integrations.', examples: [{ items: [EXAMPLE_INTEGRATION] }] },
);
export type IntegrationList = Static<typeof IntegrationList>;

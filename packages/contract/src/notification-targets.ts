import { type Static, Type } from 'typebox';
import { IntegrationName } from './integrations.ts';
import { component } from './schema.ts';

/** Neither part may be a step upwards in a path. */
export const Repository = Type.String({
  pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/[.]{0,2}[A-Za-z0-9_-][A-Za-z0-9._-]{0,97}$',
  description: 'A repository at GitHub: `owner/name`.',
  examples: ['acme/web'],
});
export const IssueNumber = Type.Integer({
  minimum: 1,
  maximum: 2_147_483_647,
  description: 'Number of an issue or a pull request.',
  examples: [7],
});
export const Channel = Type.String({
  pattern: '^#?[A-Za-z0-9_-]{1,80}$',
  description: 'Id of a channel, as Slack or Discord shows it; of Slack a name does as well.',
  examples: ['C0123456789'],
});

export const NotificationTarget = component(
  'NotificationTarget',
  {
    integration: IntegrationName,
    repository: Type.Optional(Repository),
    issue: Type.Optional(IssueNumber),
    channel: Type.Optional(Channel),
  },
  {
    description:
      'Where an integration tells of events: of `github` a `repository` and an `issue`, of the others a `channel`.',
    examples: [{ integration: 'slack', channel: 'C0123456789' }],
  },
);
export type NotificationTarget = Static<typeof NotificationTarget>;

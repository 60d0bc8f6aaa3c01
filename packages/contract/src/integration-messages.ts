import { type Static, Type } from 'typebox';
import { Channel, IssueNumber, Repository } from './notification-targets.ts';
import { component } from './schema.ts';

/** Neither blank nor with a zero in it. */
const text = (maxLength: number, description: string, example: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$',
    description,
    examples: [example],
  });
const Branch = Type.String({
  pattern: '^[^\\s\\u0000-\\u001f\\u007f]+$',
  maxLength: 255,
  description: 'A branch; of another fork `owner:branch`.',
  examples: ['feature'],
});

/** What GitHub takes of a text, characters. */
const GITHUB_TEXT = 65_536;

export const CreatePullRequestRequest = component(
  'CreatePullRequestRequest',
  {
    repository: Repository,
    title: text(256, 'Its title.', 'Serve the new page'),
    head: Branch,
    base: Branch,
    body: Type.Optional(
      Type.String({
        maxLength: GITHUB_TEXT,
        pattern: '^[^\\u0000]*$',
        description: 'What it is about, in GitHub’s markdown. Default: nothing.',
        examples: ['Closes #7'],
      }),
    ),
    is_draft: Type.Optional(Type.Boolean({ description: 'Not to be merged yet. Default: false.' })),
  },
  {
    description: 'A pull request: `base` is to have what `head` has.',
    examples: [{ repository: 'acme/web', title: 'Serve the new page', head: 'feature', base: 'main' }],
  },
);
export type CreatePullRequestRequest = Static<typeof CreatePullRequestRequest>;

export const PullRequest = component(
  'PullRequest',
  {
    number: Type.Integer({ minimum: 1, description: 'Its number in the repository.' }),
    url: Type.String({ description: 'Where people see it.' }),
  },
  {
    description: 'A pull request that was opened.',
    examples: [{ number: 8, url: 'https://github.com/acme/web/pull/8' }],
  },
);
export type PullRequest = Static<typeof PullRequest>;

export const CreateCommentRequest = component(
  'CreateCommentRequest',
  {
    repository: Repository,
    issue: IssueNumber,
    body: text(GITHUB_TEXT, 'What it says, in GitHub’s markdown.', 'The preview runs.'),
  },
  {
    description: 'A comment on an issue or a pull request.',
    examples: [{ repository: 'acme/web', issue: 7, body: 'The preview runs.' }],
  },
);
export type CreateCommentRequest = Static<typeof CreateCommentRequest>;

export const Comment = component(
  'Comment',
  {
    id: Type.String({ description: 'GitHub’s id of it.' }),
    url: Type.String({ description: 'Where people see it.' }),
  },
  {
    description: 'A comment that was made.',
    examples: [{ id: '1', url: 'https://github.com/acme/web/issues/7#issuecomment-1' }],
  },
);
export type Comment = Static<typeof Comment>;

export const PostSlackMessageRequest = component(
  'PostSlackMessageRequest',
  { channel: Channel, text: text(40_000, 'What it says, in Slack’s mrkdwn.', 'The *preview* runs.') },
  { description: 'A message in Slack.', examples: [{ channel: 'C0123456789', text: 'The *preview* runs.' }] },
);
export type PostSlackMessageRequest = Static<typeof PostSlackMessageRequest>;

export const PostDiscordMessageRequest = component(
  'PostDiscordMessageRequest',
  {
    channel: Channel,
    text: text(2_000, 'What it says, in Discord’s markdown. Nobody is mentioned by it.', 'The **preview** runs.'),
  },
  {
    description: 'A message in Discord.',
    examples: [{ channel: '123456789012345678', text: 'The **preview** runs.' }],
  },
);
export type PostDiscordMessageRequest = Static<typeof PostDiscordMessageRequest>;

export const PostedMessage = component(
  'PostedMessage',
  {
    id: Type.String({ description: 'The vendor’s id of it: of Slack its `ts`.' }),
    channel: Type.String({ description: 'The id of the channel that it is in.' }),
  },
  { description: 'A message that was posted.', examples: [{ id: '1503435956.000247', channel: 'C0123456789' }] },
);
export type PostedMessage = Static<typeof PostedMessage>;

import {
  Comment,
  CreateCommentRequest,
  CreatePullRequestRequest,
  PostDiscordMessageRequest,
  PostedMessage,
  PostSlackMessageRequest,
  PullRequest,
} from '../integration-messages.ts';
import { json, jsonBody, route } from '../route.ts';

/** What each has besides what is its own. */
const SENDING = {
  method: 'POST',
  tag: 'integrations',
  permission: 'integration:send',
  action: 'integration.send',
  // As what is done in a guest: nobody can take it back, and it is not done twice.
  keyed: 'in-guest',
  errors: { 409: ['integration.not_connected', 'integration.refused'], 503: ['integration.unavailable'] },
} as const;
const ONCE =
  'Sent once, with the server’s own token. Without an answer from there, nobody knows whether it was done: a repetition with the same `Idempotency-Key` is refused then, and sends nothing.';

export const createPullRequest = route({
  ...SENDING,
  path: '/v1/integrations/github/pull-requests',
  operationId: 'createPullRequest',
  summary: 'Open a pull request at GitHub',
  description: ONCE,
  body: jsonBody(CreatePullRequestRequest, { isRequired: true }),
  responses: { 201: { description: 'Opened.', content: [json(PullRequest)] } },
});

export const createComment = route({
  ...SENDING,
  path: '/v1/integrations/github/comments',
  operationId: 'createComment',
  summary: 'Comment on an issue or a pull request at GitHub',
  description: ONCE,
  body: jsonBody(CreateCommentRequest, { isRequired: true }),
  responses: { 201: { description: 'Made.', content: [json(Comment)] } },
});

export const postSlackMessage = route({
  ...SENDING,
  path: '/v1/integrations/slack/messages',
  operationId: 'postSlackMessage',
  summary: 'Post a message in Slack',
  description: ONCE,
  body: jsonBody(PostSlackMessageRequest, { isRequired: true }),
  responses: { 201: { description: 'Posted.', content: [json(PostedMessage)] } },
});

export const postDiscordMessage = route({
  ...SENDING,
  path: '/v1/integrations/discord/messages',
  operationId: 'postDiscordMessage',
  summary: 'Post a message in Discord',
  description: ONCE,
  body: jsonBody(PostDiscordMessageRequest, { isRequired: true }),
  responses: { 201: { description: 'Posted.', content: [json(PostedMessage)] } },
});

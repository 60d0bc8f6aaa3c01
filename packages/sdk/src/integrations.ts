import type {
  Comment,
  CreateCommentRequest,
  CreatePullRequestRequest,
  IntegrationList,
  PostDiscordMessageRequest,
  PostedMessage,
  PostSlackMessageRequest,
  PullRequest,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

/**
 * What the server is connected with: GitHub, Slack, Discord. What is sent there is sent once: where nobody knows whether it was, that is what is thrown, and it is not sent
 * again by itself.
 */
export interface IntegrationClient {
  /** All there could be, with how each is now. */
  list(options?: Abortable): Promise<IntegrationList>;
  createPullRequest(request: CreatePullRequestRequest, options?: Repeatable): Promise<PullRequest>;
  createComment(request: CreateCommentRequest, options?: Repeatable): Promise<Comment>;
  postSlackMessage(request: PostSlackMessageRequest, options?: Repeatable): Promise<PostedMessage>;
  postDiscordMessage(request: PostDiscordMessageRequest, options?: Repeatable): Promise<PostedMessage>;
}

export function createIntegrationClient(transport: Transport): IntegrationClient {
  const post = <T>(path: string, json: unknown, options: Repeatable = {}): Promise<T> =>
    postJsonOnce(transport, { path: `/v1/integrations/${path}`, json, ...options });
  return {
    list: ({ signal } = {}) => transport.json({ method: 'GET', path: '/v1/integrations', signal }),
    createPullRequest: (request, options) => post('github/pull-requests', request, options),
    createComment: (request, options) => post('github/comments', request, options),
    postSlackMessage: (request, options) => post('slack/messages', request, options),
    postDiscordMessage: (request, options) => post('discord/messages', request, options),
  };
}

import type { Principal } from '../../domain/principal/principal.ts';
import type {
  Comment,
  NewComment,
  NewMessage,
  NewPullRequest,
  PostedMessage,
  PullRequest,
} from '../../ports/integration.ts';

interface Abortable {
  readonly signal: AbortSignal;
}

/**
 * What is sent by an integration on request, with the installation's own token: each once, and it needs `integration:send`. Throws `failed_precondition` integration.not_connected / integration.refused,
 * `unavailable` integration.unavailable, and the signal's reason: then, and without an answer, nobody knows whether it was done.
 */
export interface MessageApi {
  createPullRequest(principal: Principal, request: NewPullRequest, options: Abortable): Promise<PullRequest>;
  createComment(principal: Principal, request: NewComment, options: Abortable): Promise<Comment>;
  postMessage(
    principal: Principal,
    integration: 'slack' | 'discord',
    request: NewMessage,
    options: Abortable,
  ): Promise<PostedMessage>;
}

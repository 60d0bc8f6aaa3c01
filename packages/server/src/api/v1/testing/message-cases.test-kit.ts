import type { Case } from './routes.test-kit.ts';

/** The cases of what integrations send on request. */
export function messageCases() {
  const repository = 'acme/web';
  return {
    createPullRequest: {
      ask: () => ({ body: { repository, title: 'Feature', head: 'feature', base: 'main', is_draft: true } }),
      status: 201,
      failing: {
        ask: { body: { repository: '../user', title: 'x', head: 'feature', base: 'main' } },
        status: 400,
        reason: 'request.invalid',
      },
    },
    createComment: {
      ask: () => ({ body: { repository, issue: 7, body: 'It runs.' } }),
      status: 201,
      failing: { ask: { body: { repository, issue: 7, body: ' ' } }, status: 400, reason: 'request.invalid' },
    },
    postSlackMessage: {
      ask: () => ({ body: { channel: 'C0123456789', text: 'It runs.' } }),
      status: 201,
      failing: { ask: { body: { channel: '..', text: 'x' } }, status: 400, reason: 'request.invalid' },
    },
    postDiscordMessage: {
      ask: () => ({ body: { channel: '123456789012345678', text: 'It runs.' } }),
      status: 201,
      failing: { ask: { body: { channel: '1', text: 'x'.repeat(2_001) } }, status: 400, reason: 'request.invalid' },
    },
  } as const satisfies Readonly<Record<string, Case>>;
}

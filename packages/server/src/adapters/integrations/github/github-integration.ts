import type { IncomingEvents, Integration } from '../../../ports/integration.ts';
import type { AttemptClock } from '../shared/attempts.ts';
import { connected } from '../shared/connected.ts';
import { parseGithub } from './parse.ts';
import { createGithubSender } from './send.ts';
import { verifyGithub } from './verify.ts';

export interface GithubConfig {
  /** Null: nothing is sent. */
  readonly token: string | null;
  /** Null: nothing is taken. */
  readonly webhookSecret: string | null;
  /** Without a slash at the end. */
  readonly apiUrl: string;
  /** Of this server, for `User-Agent`. */
  readonly version: string;
}

export function createGithubIntegration(
  deps: { readonly clock: AttemptClock },
  { token, webhookSecret, apiUrl, version }: GithubConfig,
): Integration {
  const incoming = webhookSecret === null ? null : incomingBy(webhookSecret);
  const outgoing = token === null ? null : createGithubSender(deps, { token, apiUrl, version });
  return connected({ name: 'github', incoming, outgoing });
}

function incomingBy(secret: string): IncomingEvents {
  return {
    handleEvent(delivery) {
      verifyGithub(delivery, secret);
      return { kind: 'event', event: parseGithub(delivery) };
    },
    // GitHub shows it to whoever looks at the delivery.
    answer: () => ({ status: 'ok' }),
  };
}

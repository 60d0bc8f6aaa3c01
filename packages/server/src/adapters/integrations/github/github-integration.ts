import type { IncomingEvents, Integration } from '../../../ports/integration.ts';
import { connected } from '../shared/connected.ts';
import { parseGithub } from './parse.ts';
import { verifyGithub } from './verify.ts';

export interface GithubConfig {
  /** Null: nothing is sent. */
  readonly token: string | null;
  /** Null: nothing is taken. */
  readonly webhookSecret: string | null;
  /** Without a slash at the end. */
  readonly apiUrl: string;
}

export function createGithubIntegration({ webhookSecret }: GithubConfig): Integration {
  const incoming = webhookSecret === null ? null : incomingBy(webhookSecret);
  return connected({ name: 'github', incoming, outgoing: null });
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

import type { Clock } from '../../../ports/clock.ts';
import type { IncomingEvents, Integration } from '../../../ports/integration.ts';
import type { AttemptClock } from '../shared/attempts.ts';
import { connected } from '../shared/connected.ts';
import { escapeSlack } from './escape.ts';
import { parseSlack } from './parse.ts';
import { createSlackSender } from './send.ts';
import { verifySlack } from './verify.ts';

export interface SlackConfig {
  /** Null: nothing is sent. */
  readonly botToken: string | null;
  /** Null: nothing is taken. */
  readonly signingSecret: string | null;
  /** Without a slash at the end. */
  readonly apiUrl: string;
}

export function createSlackIntegration(
  deps: { readonly clock: AttemptClock },
  { botToken: token, signingSecret, apiUrl }: SlackConfig,
): Integration {
  const incoming = signingSecret === null ? null : incomingBy(signingSecret, deps.clock);
  const outgoing = token === null ? null : createSlackSender(deps, { token, apiUrl });
  return connected({ name: 'slack', incoming, outgoing });
}

function incomingBy(secret: string, clock: Pick<Clock, 'now'>): IncomingEvents {
  return {
    handleEvent(delivery) {
      verifySlack(delivery, { secret, nowMs: clock.now() });
      return parseSlack(delivery);
    },
    answer(incoming, reply) {
      if (incoming.kind === 'handshake') return incoming.challenge === null ? {} : { challenge: incoming.challenge };
      if (reply === null) return {};
      // To whoever has asked alone, as it is written.
      return { response_type: 'ephemeral', text: escapeSlack(reply.text), mrkdwn: false };
    },
  };
}

import type { IntegrationName } from '../../../domain/integrations.ts';
import type { IncomingEvents, Integration, OutgoingMessages } from '../../../ports/integration.ts';

/** What an integration consists of; one of the two at least. */
export interface Connection {
  readonly name: IntegrationName;
  readonly incoming: IncomingEvents | null;
  readonly outgoing: OutgoingMessages | null;
}

/** The two together. Without a token nobody at the other side can be asked how it is: then it is well. */
export function connected({ name, incoming, outgoing }: Connection): Integration {
  return {
    ...{ name, incoming, outgoing },
    async initialize() {
      await outgoing?.initialize();
    },
    async health(options) {
      if (outgoing === null) return { why: null, detail: 'takes what is sent to it, and has no token to send with' };
      const { why, detail } = await outgoing.health(options);
      return { why, detail: incoming === null ? joined(detail, 'has no secret to believe anybody by') : detail };
    },
  };
}

function joined(detail: string | null, more: string): string {
  return detail === null ? more : `${detail}; ${more}`;
}

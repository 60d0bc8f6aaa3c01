/**
 * What integrations send.
 *
 *   verified --> known already?  yes: answered, and nothing is done
 *                                no:  a command is run, what has happened is written down as an event
 *
 * It is known in the transaction that writes the event: what failed before is processed when it comes again. A command may be run twice
 * then, so what it changes bears a key made of what was sent, and is changed once.
 */
import { isRetryable, toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { CommandReply, Incoming } from '../../domain/integrations.ts';
import type { RequestOrigin } from '../../domain/principal/principal.ts';
import type { IncomingEvents } from '../../ports/integration.ts';
import type { IdempotencyApi } from '../apis/idempotency-api.ts';
import type { IntegrationApi, RunCommand } from '../apis/integration-api.ts';
import type { EngineDeps } from '../deps.ts';
import type { Authenticate } from '../identity/authenticate.ts';
import { type CommandOutcome, recordEvent } from './record-event.ts';
import type { IntegrationRegistry } from './registry.ts';

/** Slack and Discord wait for three seconds, and the way to them takes some of that. */
const ANSWER_MS = 2_000;

type ReceiverDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log'> & {
  readonly registry: Pick<IntegrationRegistry, 'find'>;
  readonly authenticate: Authenticate;
  readonly idempotency: Pick<IdempotencyApi, 'claim' | 'release' | 'fingerprintOf'>;
};

export interface Receiver extends Pick<IntegrationApi, 'receive'> {
  /** Resolves when no command is being run any more. */
  stop(): Promise<void>;
}

type Command = Extract<Incoming, { readonly kind: 'command' }>;

export function createReceiver(deps: ReceiverDeps): Receiver {
  const { store, clock, log, registry, authenticate, idempotency } = deps;
  const stopping = new AbortController();
  const running = new Set<Promise<unknown>>();

  async function run({ event, command }: Command, origin: RequestOrigin, runCommand: RunCommand): Promise<string> {
    const credentials = { kind: 'integration', name: event.integration, userId: command.userId } as const;
    const principal = await authenticate(credentials, origin);
    stopping.signal.throwIfAborted();
    const claim = await idempotency.claim(principal, {
      key: `${event.integration}:${event.deliveryId}`,
      fingerprint: idempotency.fingerprintOf(JSON.stringify([command.name, command.text, command.options])),
      requestId: origin.requestId ?? event.deliveryId,
    });
    try {
      return await runCommand(principal, command, { once: claim, signal: stopping.signal });
    } finally {
      idempotency.release(claim);
    }
  }

  /** Never rejects: whatever becomes of a command, who has sent it is told. */
  async function perform(taken: Command, origin: RequestOrigin, runCommand: RunCommand): Promise<CommandReply> {
    try {
      const { text, outcome } = await run(taken, origin, runCommand).then(done, refused);
      await recordEvent(deps, taken.event, outcome);
      return { text };
    } catch (thrown) {
      if (stopping.signal.aborted) return { text: 'The server is stopping. Ask again in a moment.' };
      const error = toVolaryError(thrown);
      log.warn('a command of an integration was not run', { integration: taken.event.integration, error });
      return { text: error.message };
    }
  }

  async function answerOf(taken: Command, origin: RequestOrigin, runCommand: RunCommand): Promise<CommandReply> {
    const performed = perform(taken, origin, runCommand);
    running.add(performed);
    void performed.finally(() => running.delete(performed));
    const answered = new AbortController();
    const late = clock.sleep(ANSWER_MS, { signal: answered.signal }).then(
      () => ({ text: 'This takes longer than an answer may. It goes on: look again in a moment.' }),
      // The reply is there.
      () => ({ text: '' }),
    );
    try {
      return await Promise.race([performed, late]);
    } finally {
      answered.abort();
      await late;
    }
  }

  return {
    async receive({ name, delivery, origin, runCommand }) {
      const incoming = requireIncoming(registry, name);
      const taken = incoming.handleEvent(delivery);
      if (taken.kind === 'handshake' || (await store.receivedDeliveries.isKnown(taken.event)))
        return incoming.answer(taken, null);
      if (taken.kind === 'command') return incoming.answer(taken, await answerOf(taken, origin, runCommand));
      await recordEvent(deps, taken.event, null);
      return incoming.answer(taken, null);
    },
    async stop() {
      stopping.abort(new DOMException('the server is stopping', 'AbortError'));
      await Promise.all(running);
    },
  };
}

function requireIncoming({ find }: Pick<IntegrationRegistry, 'find'>, name: string): IncomingEvents {
  const incoming = find(name)?.incoming ?? null;
  if (incoming !== null) return incoming;
  throw new VolaryError('not_found', `This server takes nothing from an integration ${name}.`, {
    reason: 'integration.unknown',
  });
}

interface Performed {
  readonly text: string;
  readonly outcome: CommandOutcome;
}

function done(text: string): Performed {
  return { text, outcome: { result: 'done', reason: null } };
}

/** What would be refused again is over. What may go well the next time is not: it is not written down, and is run when it comes again. */
function refused(thrown: unknown): Performed {
  const error = toVolaryError(thrown);
  if (isRetryable(error.code) || error.code === 'internal') throw error;
  return { text: error.message, outcome: { result: 'refused', reason: error.reason } };
}

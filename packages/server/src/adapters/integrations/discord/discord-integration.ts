import type { Incoming } from '../../../domain/integrations.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { IncomingEvents, Integration } from '../../../ports/integration.ts';
import type { AttemptClock } from '../shared/attempts.ts';
import { connected } from '../shared/connected.ts';
import { fitLines } from './fit-lines.ts';
import { parseDiscord } from './parse.ts';
import { createDiscordSender } from './send.ts';
import { discordKeyOf, verifyDiscord } from './verify.ts';

export interface DiscordConfig {
  /** Null: nothing is sent. */
  readonly botToken: string | null;
  /** An Ed25519 key, 64 hexadecimal digits. Null: nothing is taken. */
  readonly publicKey: string | null;
  /** Of whom commands are taken; null: of whoever the key is. */
  readonly applicationId: string | null;
  /** Without a slash at the end. */
  readonly apiUrl: string;
  /** Of this server, for `User-Agent`. */
  readonly version: string;
}

/** By https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object-interaction-callback-type. */
const ANSWERS = { pong: 1, message: 4, unchangedMessage: 6, choices: 8 } as const;
/** Shown to whoever has asked alone. */
const EPHEMERAL = 64;
/** What a message may be long. */
const MOST_CHARACTERS = 2_000;

export function createDiscordIntegration(
  deps: { readonly clock: AttemptClock },
  { botToken: token, publicKey, applicationId, apiUrl, version }: DiscordConfig,
): Integration {
  const incoming = publicKey === null ? null : incomingBy({ publicKey, applicationId }, deps.clock);
  const outgoing = token === null ? null : createDiscordSender(deps, { token, apiUrl, version });
  return connected({ name: 'discord', incoming, outgoing });
}

function incomingBy(
  { publicKey, applicationId }: { readonly publicKey: string; readonly applicationId: string | null },
  clock: Pick<Clock, 'now'>,
): IncomingEvents {
  const key = discordKeyOf(publicKey);
  return {
    handleEvent(delivery) {
      verifyDiscord(delivery, { key, nowMs: clock.now() });
      return parseDiscord(delivery, applicationId);
    },
    answer: (incoming, reply) => {
      if (incoming.kind === 'handshake') return { type: ANSWERS.pong };
      return reply === null ? answerWithoutReply(incoming) : message(reply.text);
    },
  };
}

/** Discord takes no silence: each kind has its own way to say that nothing comes of it. */
function answerWithoutReply({ event }: Exclude<Incoming, { readonly kind: 'handshake' }>) {
  if (event.kind === 'application_command_autocomplete') return { type: ANSWERS.choices, data: { choices: [] } };
  if (event.kind === 'message_component') return { type: ANSWERS.unchangedMessage };
  return message('Nothing was done.');
}

/** Within a block of code nothing has a meaning of its own, and nobody is called. */
function message(text: string) {
  const block = (inner: string): string => `\`\`\`\n${inner}\n\`\`\``;
  const plain = text.replaceAll('```', "'''");
  const content = block(fitLines(plain, MOST_CHARACTERS - block('').length));
  return { type: ANSWERS.message, data: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } } };
}

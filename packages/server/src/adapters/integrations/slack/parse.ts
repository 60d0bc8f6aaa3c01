import { VolaryError } from '../../../domain/errors.ts';
import type { Incoming, IncomingDelivery, IntegrationEvent } from '../../../domain/integrations.ts';
import { at, known, shortened, textAt } from '../shared/picks.ts';
import { isForm, readObject, textOf } from '../shared/read-body.ts';
import { digestOf } from '../shared/signatures.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Characters of what is written behind a command. */
const MOST_CHARACTERS = 1_000;

/**
 * Reads what has been verified: forms, as Slack sends commands and what is clicked, and JSON, as it sends events; commands also as the document
 * has them, in JSON. Throws `invalid_argument` request.malformed_json, request.too_deep, request.invalid.
 */
export function parseSlack(delivery: IncomingDelivery): Incoming {
  const { headers, body } = delivery;
  const fallbackId = digestOf(headers['x-slack-request-timestamp'] ?? '', ':', body);
  const text = textOf(body);
  if (!isForm(text)) return parseFields(readObject(text), fallbackId);
  const form = new URLSearchParams(text);
  if (form.get('ssl_check') === '1') return { kind: 'handshake', challenge: null };
  const payload = form.get('payload');
  if (payload !== null) return eventOf(readObject(payload), fallbackId);
  return commandOf(Object.fromEntries(form), fallbackId);
}

function parseFields(fields: Fields, fallbackId: string): Incoming {
  switch (at(fields, 'type')) {
    case 'url_verification':
      return { kind: 'handshake', challenge: textAt(fields, 'challenge') };
    case 'slash_command':
      return commandOf(fields, fallbackId);
    default:
      return eventOf(fields, fallbackId);
  }
}

function commandOf(fields: Fields, fallbackId: string): Incoming {
  const command = textAt(fields, 'command');
  const userId = textAt(fields, 'user_id');
  if (command === null || !/^\/[\w-]{1,80}$/.test(command)) throw invalid('command');
  if (userId === null || !/^\w{1,40}$/.test(userId)) throw invalid('user_id');
  const given = at(fields, 'text');
  const text = typeof given === 'string' ? shortened(given, MOST_CHARACTERS) : '';
  const channelId = textAt(fields, 'channel_id');
  return {
    kind: 'command',
    event: {
      ...{ integration: 'slack', kind: 'slash_command', action: command, digest: null },
      deliveryId: idOf(textAt(fields, 'trigger_id')) ?? fallbackId,
      summary: known({
        command,
        text: shortened(text),
        user_id: userId,
        channel_id: channelId,
        team_id: textAt(fields, 'team_id'),
      }),
    },
    command: { name: command.slice(1), text, options: [], userId, channelId },
  };
}

/** `event_callback` wraps what has happened; anything else is what it says that it is. */
function eventOf(fields: Fields, fallbackId: string): Incoming {
  const inner = at(fields, 'event');
  const about = inner === undefined ? fields : inner;
  const kind = textAt(about, 'type');
  if (kind === null || !/^[\w.]{1,60}$/.test(kind)) throw invalid('type');
  const event: IntegrationEvent = {
    ...{ integration: 'slack', kind, digest: null },
    deliveryId: idOf(textAt(fields, 'event_id')) ?? fallbackId,
    action: textAt(about, 'subtype'),
    summary: known({
      text: textAt(about, 'text'),
      user_id: textAt(about, 'user') ?? textAt(about, 'user', 'id'),
      channel_id: textAt(about, 'channel') ?? textAt(about, 'channel', 'id'),
      ts: textAt(about, 'ts'),
      thread_ts: textAt(about, 'thread_ts'),
      bot_id: textAt(about, 'bot_id'),
      team_id: textAt(fields, 'team_id') ?? textAt(fields, 'team', 'id'),
    }),
  };
  return { kind: 'event', event };
}

function idOf(text: string | null): string | null {
  return text !== null && /^[\w.-]{1,200}$/.test(text) ? text : null;
}

function invalid(field: string): VolaryError {
  return new VolaryError('invalid_argument', `${field} is missing, or not as Slack sends it.`, {
    reason: 'request.invalid',
    details: { field },
  });
}

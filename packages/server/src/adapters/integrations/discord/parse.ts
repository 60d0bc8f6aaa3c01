import { VolaryError } from '../../../domain/errors.ts';
import type { CommandOption, Incoming, IncomingDelivery, IntegrationEvent } from '../../../domain/integrations.ts';
import { at, known, shortened, textAt } from '../shared/picks.ts';
import { readObject, textOf } from '../shared/read-body.ts';
import { invalidSignature } from '../shared/signatures.ts';

type Fields = Readonly<Record<string, unknown>>;

/** By https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-type. */
const KINDS: ReadonlyMap<unknown, string> = new Map([
  [2, 'application_command'],
  [3, 'message_component'],
  [4, 'application_command_autocomplete'],
  [5, 'modal_submit'],
]);
const PING = 1;
/** Characters of one option. */
const MOST_CHARACTERS = 1_000;
/** As many as a command of Discord's may have. */
const MOST_OPTIONS = 25;

/**
 * Reads what has been verified. Throws `invalid_argument` request.malformed_json, request.too_deep, request.invalid; `unauthenticated`
 * integration.signature_invalid for what is meant for another application.
 */
export function parseDiscord({ body }: IncomingDelivery, applicationId: string | null): Incoming {
  const fields = readObject(textOf(body));
  if (applicationId !== null && at(fields, 'application_id') !== applicationId) throw invalidSignature();
  if (at(fields, 'type') === PING) return { kind: 'handshake', challenge: null };
  const kind = KINDS.get(at(fields, 'type'));
  if (kind === undefined) throw invalid('type');
  const userId = textAt(fields, 'member', 'user', 'id') ?? textAt(fields, 'user', 'id');
  const channelId = textAt(fields, 'channel_id');
  const name = textAt(fields, 'data', 'name');
  const given = optionsOf(fields);
  const line = lineOf(given);
  const event: IntegrationEvent = {
    ...{ integration: 'discord', kind, digest: null },
    deliveryId: idOf(fields),
    action: name,
    summary: known({
      command: kind === 'application_command' ? name : null,
      text: line === '' ? null : shortened(line),
      user_id: userId,
      channel_id: channelId,
      guild_id: textAt(fields, 'guild_id'),
    }),
  };
  if (kind !== 'application_command') return { kind: 'event', event };
  if (name === null) throw invalid('data.name');
  if (userId === null || !/^[0-9]{1,20}$/.test(userId)) throw invalid('member.user.id');
  const text = given.find((option) => option.name === 'text')?.value ?? '';
  const options = given.filter((option) => option.name !== 'text');
  return { kind: 'command', event, command: { name, text, options, userId, channelId } };
}

/** What was filled in. */
function optionsOf(fields: Fields): readonly CommandOption[] {
  const options = at(fields, 'data', 'options');
  if (!Array.isArray(options)) return [];
  return options.slice(0, MOST_OPTIONS).flatMap((option: unknown) => {
    const [name, value] = [textAt(option, 'name'), at(option, 'value')];
    if (name === null || !['string', 'number', 'boolean'].includes(typeof value)) return [];
    return [{ name, value: shortened(String(value), MOST_CHARACTERS) }];
  });
}

/** As it would be written in a line: `name=web vcpus=2`; what has the name `text` as it is. */
function lineOf(options: readonly CommandOption[]): string {
  return options.map(({ name, value }) => (name === 'text' ? value : `${name}=${value}`)).join(' ');
}

function idOf(fields: Fields): string {
  const id = at(fields, 'id');
  if (typeof id === 'string' && /^[0-9]{1,20}$/.test(id)) return id;
  throw invalid('id');
}

function invalid(field: string): VolaryError {
  return new VolaryError('invalid_argument', `${field} is missing, or not as Discord sends it.`, {
    reason: 'request.invalid',
    details: { field },
  });
}

import { CLIENT_MESSAGES, type ClientMessage } from '@volary/contract';
import { VolaryError } from '../../domain/errors.ts';
import { createChecker, invalidFields } from '../validation.ts';

/** What checks a message of each type, and throws `invalid_argument` request.invalid. */
export type MessageChecks = Readonly<Record<ClientMessage['type'], (value: unknown) => void>>;

/** To be made once: compiling takes longer than checking thousands. */
export function createMessageChecks(): MessageChecks {
  return {
    subscribe: createChecker(CLIENT_MESSAGES.subscribe),
    unsubscribe: createChecker(CLIENT_MESSAGES.unsubscribe),
    ping: createChecker(CLIENT_MESSAGES.ping),
  };
}

/** The message in a text. Throws `invalid_argument` request.malformed_json or request.invalid. */
export function parseMessage(text: string, checks: MessageChecks): ClientMessage {
  const message = parseJson(text);
  if (!isMessage(message, checks)) {
    throw invalidFields([{ field: 'type', message: `must be one of ${Object.keys(checks).join(', ')}` }]);
  }
  checks[message.type](message);
  return message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new VolaryError('invalid_argument', 'The message is not JSON.', { reason: 'request.malformed_json', cause });
  }
}

/** Whether its type is known; the rest is for the check of that type. */
function isMessage(value: unknown, checks: MessageChecks): value is ClientMessage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    typeof value.type === 'string' &&
    Object.hasOwn(checks, value.type)
  );
}

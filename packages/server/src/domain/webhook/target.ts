import { VolaryError } from '../errors.ts';

/** The parts of a webhook's URL. Throws `invalid_argument` webhook.invalid_url for other than http(s), or with a user's name in it. */
export function parseTarget(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw invalidUrl('The URL of a webhook is an absolute one, http: or https:.');
  if (url.username !== '' || url.password !== '')
    throw invalidUrl('The URL of a webhook has no user name and password; the signature tells who sends.');
  if (url.port === '0') throw invalidUrl('The URL of a webhook has a port from 1 to 65535.');
  return url;
}

function invalidUrl(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'webhook.invalid_url', details: { field: 'url' } });
}

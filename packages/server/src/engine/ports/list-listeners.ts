import { VolaryError } from '../../domain/errors.ts';
import { type GuestListener, parseListeners, sortListeners } from '../../domain/port/listener.ts';
import type { Abortable, GuestLink } from '../../ports/guest-link.ts';

/** Of each table: some 150 bytes a socket, those that are connected among them. */
const TABLE_BYTES = 4 * 1024 * 1024;

/** What the guest's kernel says that listens. Throws `unsupported` port.not_listed where it says nothing, and as `GuestLink`. */
export async function listListeners(link: GuestLink, options: Abortable): Promise<readonly GuestListener[]> {
  const ipv4 = await readTable(link, '/proc/net/tcp', options);
  if (ipv4 === null) {
    throw new VolaryError('unsupported', 'This guest does not tell what listens in it.', { reason: 'port.not_listed' });
  }
  const ipv6 = await readTable(link, '/proc/net/tcp6', options);
  return sortListeners([...parseListeners(ipv4), ...parseListeners(ipv6 ?? '')]);
}

/** Null where there is none: a guest may have no IPv6, or no `/proc`. */
async function readTable(link: GuestLink, path: string, { signal }: Abortable): Promise<string | null> {
  try {
    const { content } = await link.readFile(path, { signal, length: TABLE_BYTES });
    const decoder = new TextDecoder();
    let text = '';
    for await (const bytes of content) text += decoder.decode(bytes, { stream: true });
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof VolaryError && error.reason === 'guest.no_such_file') return null;
    throw error;
  }
}

import { BEARER_PROTOCOL_PREFIX, EVENT_SOCKET_PROTOCOL } from '@volary/contract';
import type { WebSocket } from 'ws';
import { invalidFields } from '../validation.ts';
import type { Upgrade } from './upgrades.ts';

/** Throws `invalid_argument` request.invalid for a handshake that is none, so that it can still be answered in words. `protocol` has to be among those offered, if any are; null: each will do. */
export function checkHandshake(
  { request }: Upgrade,
  { protocol = EVENT_SOCKET_PROTOCOL }: { readonly protocol?: string | null } = {},
): void {
  const { headers, httpVersion } = request;
  const { 'sec-websocket-version': version, 'sec-websocket-key': key = '' } = headers;
  if (httpVersion !== '1.1') throw invalidFields([{ field: '', message: 'must be HTTP/1.1 to open a WebSocket' }]);
  // Its bytes would be taken for frames.
  if (Number(headers['content-length'] ?? 0) !== 0 || headers['transfer-encoding'] !== undefined)
    throw invalidFields([{ field: '', message: 'must have no body to open a WebSocket' }]);
  if (version !== '13')
    throw invalidFields([{ field: 'Sec-WebSocket-Version', message: 'must be 13', allowed: ['13'] }]);
  if (!/^[+/0-9A-Za-z]{22}==$/.test(key))
    throw invalidFields([{ field: 'Sec-WebSocket-Key', message: 'must be 16 bytes in base64' }]);
  checkProtocols(headers['sec-websocket-protocol'], protocol);
}

/** A list of tokens (RFC 9110, 5.6.2), each once, ours among them; the package would answer one that is none in words of its own. */
function checkProtocols(text: string | undefined, wanted: string | null): void {
  if (text === undefined) return;
  const offered = text.split(',').map((protocol) => protocol.trim());
  const field = 'Sec-WebSocket-Protocol';
  if (new Set(offered).size < offered.length || !offered.every((protocol) => /^[!#$%&'*+.^_`|~\w-]+$/.test(protocol)))
    throw invalidFields([{ field, message: 'must be a list of tokens, each of them once' }]);
  if (wanted !== null && !offered.includes(wanted)) {
    throw invalidFields([{ field, message: `must offer ${wanted}`, allowed: [wanted] }]);
  }
}

/** Ours; else, where others may be spoken, the first that says nothing of who asks. A browser gives up where none is chosen. */
function chooseProtocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(EVENT_SOCKET_PROTOCOL)) return EVENT_SOCKET_PROTOCOL;
  const [first = false] = offered;
  return [...offered].find((protocol) => !protocol.startsWith(BEARER_PROTOCOL_PREFIX)) ?? first;
}

/**
 * Ends the handshake; of `headers` it answers with those that are ours. `opened` is called before this resolves; or never, when the other side is gone
 * already.
 */
export async function acceptSocket(
  upgrade: Upgrade,
  { headers, messageBytes }: { readonly headers: Readonly<Record<string, unknown>>; readonly messageBytes: number },
  opened: (raw: WebSocket) => void,
): Promise<void> {
  // Loaded with the first socket: a server that has none does not pay for it.
  const { WebSocketServer } = await import('ws');
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageBytes,
    handleProtocols: chooseProtocol,
  });
  acceptor.on('headers', (lines) => {
    for (const [name, value] of Object.entries(headers)) if (name.startsWith('x-')) lines.push(`${name}: ${value}`);
  });
  upgrade.take();
  acceptor.handleUpgrade(upgrade.request, upgrade.socket, upgrade.head, opened);
}

import type { GuestConnection } from '../../../../ports/guest-link.ts';
import { BytePipe } from './byte-pipe.ts';
import { createConnection } from './simulated-connection.ts';

/**
 * A connection to the web server of a simulated guest: each request is answered with its own first line as JSON, `{ "method", "path" }`, and the
 * connection ends.
 */
export function openHttp(linkClosed: Promise<string>): GuestConnection {
  const pipe = new BytePipe();
  let heard = '';
  return createConnection(pipe, linkClosed, async (bytes) => {
    heard += new TextDecoder('latin1').decode(bytes);
    if (!heard.includes('\r\n\r\n')) return;
    const [method = '', path = ''] = heard.split(' ', 2);
    heard = '';
    const body = JSON.stringify({ method, path });
    const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
    await pipe.write(new TextEncoder().encode(head + body));
    pipe.end();
  });
}

import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A GET with these headers as they are, `Host` too, which `fetch` sees to by itself. */
export async function sendRaw(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly body: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers, agent: false }, resolve).once('error', reject).end();
  });
  return { status: response.statusCode ?? 0, body: await text(response) };
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** A site with the files of a folder, which goes on where it is asked to. */
export interface FolderServer extends AsyncDisposable {
  /** Paths that were asked for, with their range. */
  requests: string[];
  /** After how many bytes an answer is broken off. */
  breakAfter: number;
  urlOf(name: string): string;
}

export async function serveFolder(folder: string): Promise<FolderServer> {
  const server = createServer(({ url = '', headers }, response) => {
    site.requests.push(`${url} ${headers.range ?? ''}`.trim());
    const content = readFileSync(join(folder, url));
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
    const rest = content.subarray(from);
    response.writeHead(from === 0 ? 200 : 206, {
      'content-length': rest.length,
      'content-range': `bytes ${from}-${content.length - 1}/${content.length}`,
    });
    if (rest.length <= site.breakAfter) response.end(rest);
    else response.write(rest.subarray(0, site.breakAfter), () => response.socket?.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  const site: FolderServer = {
    requests: [],
    breakAfter: Number.POSITIVE_INFINITY,
    urlOf: (name) => `http://127.0.0.1:${address.port}/${name}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return site;
}

/** Of a file, in hex. */
export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

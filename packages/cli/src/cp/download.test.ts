import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@volary/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCopyProgress } from './copy-progress.ts';
import { download } from './download.ts';

/* Against a server of ours that does what a guest seldom does. */

let directory: string;
let close: () => Promise<void>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-cp-'));
});
afterEach(async () => {
  await close();
  rmSync(directory, { recursive: true });
});

/** Copies `/src` of a VM to `out` in the directory; the answers are those of `routes`, by the end of the URL. */
async function copy(routes: Readonly<Record<string, (response: ServerResponse) => void>>): Promise<readonly string[]> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').replace('/v1/vms/first/files', ''));
    const found = Object.entries(routes).find(([start]) => path.startsWith(start));
    if (found === undefined) problem(response);
    else found[1](response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const client = createClient({ baseUrl: `http://127.0.0.1:${portOf(server.address())}`, apiKey: 'k'.repeat(20) });
  const leftOut: string[] = [];
  await download(
    { client, ref: 'first', path: '/src' },
    join(directory, 'out'),
    createCopyProgress(null, null),
    (path, why) => {
      leftOut.push(`${path}: ${why}`);
    },
  );
  return leftOut;
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function json(value: unknown): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
}

function problem(response: ServerResponse): void {
  const body = { status: 404, code: 'not_found', reason: 'guest.no_such_file', detail: 'Gone.', retryable: false };
  response.writeHead(404, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
}

function text(content: string): (response: ServerResponse) => void {
  return (response) => {
    response.writeHead(200, { 'content-length': content.length, 'x-file-mode': '0644' }).end(content);
  };
}

describe('a copy out of a VM', () => {
  it('goes on without the files whose names are not UTF-8', async () => {
    const names = ['a', 'b\udcff', 'c\ufffd', 'd\ufffd', 'e'];
    const items = names.map((name) => ({ name, type: 'file', size_bytes: 1 }));
    const leftOut = await copy({
      '/stat?path=/src/d': json({ type: 'file' }), // a name may have this character of itself
      '/stat?path=/src/c': problem,
      '/stat': json({ type: 'directory' }),
      '/list': json({ items, next_cursor: null }),
      '?path=/src/': text('x'),
    });

    expect(leftOut).toEqual(['/src/b\\xff: its name is not UTF-8', '/src/c\ufffd: its name is not UTF-8']);
    expect(readdirSync(join(directory, 'out'))).toEqual(['a', 'd\ufffd', 'e']);
    expect(readFileSync(join(directory, 'out/e'), 'utf8')).toBe('x');
  });

  it('that is cut after the first bytes is incomplete, and leaves nothing', async () => {
    const cut = copy({
      '/stat': json({ type: 'file' }),
      '?path=/src': (response) => {
        response.writeHead(200, { 'content-length': 100, 'x-file-mode': '0644' });
        response.write('x', () => response.destroy());
      },
    });

    await expect(cut).rejects.toMatchObject({ reason: 'cli.incomplete', exitCode: 1 });
    expect(readdirSync(directory)).toEqual([]);
  });
});

import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllowedTargets } from '../../../domain/net/target.ts';
import { createFetcher, type FetcherConfig, type FetchProgress, type FileFetch } from './fetcher.ts';

const FILE = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 8)) % 251));
const SHA256 = createHash('sha256').update(FILE).digest('hex');
const MAX = 1_000_000;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let directory: string;
let server: Server;
let answers: Answer[];
/** The `Range` of each request that came. */
let ranges: (string | undefined)[];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-fetch-'));
  answers = [];
  ranges = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    // The last answer is given as often as it is asked for.
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

function origin(): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}`;
}

const partPath = (): string => join(directory, 'parts', 'file.part');

/** Fetches the file from the server; `isLocalAllowed`, since it is on this machine. */
async function fetch(change: Partial<FileFetch> = {}, config: Partial<FetcherConfig> = {}): Promise<Buffer> {
  const fetcher = createFetcher({ allowedTargets: parseAllowedTargets(''), version: '1', retryMs: 1, ...config });
  await fetcher.fetchFile({
    url: `${origin()}/file`,
    partPath: partPath(),
    maxBytes: MAX,
    checksum: { algorithm: 'sha256', expected: SHA256 },
    isLocalAllowed: true,
    signal: new AbortController().signal,
    ...change,
  });
  return readFileSync(partPath());
}

/** The file, or what was asked for of it. */
const whole: Answer = ({ headers }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from === 0) {
    response.writeHead(200, { 'content-length': FILE.length }).end(FILE);
  } else if (from >= FILE.length) {
    response.writeHead(416, { 'content-range': `bytes */${FILE.length}` }).end();
  } else {
    response
      .writeHead(206, { 'content-range': `bytes ${from}-${FILE.length - 1}/${FILE.length}` })
      .end(FILE.subarray(from));
  }
};

/** Says how long the file is, sends the beginning of it, and breaks off: not by a reset, which would take back what was sent. */
function beginning(length: number): Answer {
  return (_request, response) => {
    response.writeHead(200, { 'content-length': FILE.length });
    response.write(FILE.subarray(0, length), () => response.socket?.end());
  };
}

function redirect(location: string): Answer {
  return (_request, response) => response.writeHead(302, { location }).end();
}

describe('a file', () => {
  it('is fetched, and told how far it is', async () => {
    answers = [whole];
    const told: FetchProgress[] = [];

    expect(await fetch({ onProgress: (progress) => told.push(progress) })).toEqual(FILE);

    expect(told.at(-1)).toEqual({ receivedBytes: FILE.length, totalBytes: FILE.length });
    expect(statSync(partPath()).mode & 0o777).toBe(0o600);
  });

  it('is gone on with where a connection broke', async () => {
    answers = [beginning(100_000), whole];

    expect(await fetch()).toEqual(FILE);
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });

  it('is gone on with where somebody was killed', async () => {
    answers = [beginning(100_000), (_, response) => response.destroy()];
    await expect(fetch()).rejects.toMatchObject({ code: 'unavailable', reason: 'download.unavailable' });
    const { size } = statSync(partPath());
    expect(size).toBeGreaterThan(0);
    answers = [whole];
    ranges = [];

    expect(await fetch()).toEqual(FILE);
    expect(ranges).toEqual([`bytes=${size}-`]);
  });

  it('is taken from the start when the other side knows nothing of ranges', async () => {
    answers = [beginning(100_000), (_, response) => response.writeHead(200).end(FILE)];

    expect(await fetch()).toEqual(FILE);
  });

  it('is taken from the start when what was there is not its beginning', async () => {
    answers = [whole];
    await fetch();
    writeFileSync(partPath(), Buffer.alloc(1_000));

    expect(await fetch()).toEqual(FILE);
    expect(ranges).toEqual([undefined, 'bytes=1000-', undefined]);
  });

  it('is taken from the start when it has become shorter, or another part was sent', async () => {
    answers = [whole];
    await fetch();
    writeFileSync(partPath(), Buffer.alloc(FILE.length + 5));
    expect(await fetch()).toEqual(FILE);

    writeFileSync(partPath(), FILE.subarray(0, 10));
    answers = [
      (_, response) =>
        response.writeHead(206, { 'content-range': `bytes 0-9/${FILE.length}` }).end(FILE.subarray(0, 10)),
      whole,
    ];
    expect(await fetch()).toEqual(FILE);
  });

  it('needs nothing more when all of it had come', async () => {
    answers = [whole];
    await fetch();

    expect(await fetch()).toEqual(FILE);
    expect(ranges).toEqual([undefined, `bytes=${FILE.length}-`]);
  });

  it('of another checksum is thrown away', async () => {
    answers = [whole];
    const expected = 'a'.repeat(64);

    await expect(fetch({ checksum: { algorithm: 'sha256', expected } })).rejects.toMatchObject({
      reason: 'download.checksum_mismatch',
      details: { expected, actual: SHA256 },
    });
    expect(existsSync(partPath())).toBe(false);
    const sha512 = createHash('sha512').update(FILE).digest('hex');
    expect(await fetch({ checksum: { algorithm: 'sha512', expected: sha512 } })).toEqual(FILE);
  });

  it('that goes on and on, or says that it will, is too large', async () => {
    answers = [whole];
    const bound = { maxBytes: FILE.length - 1 };
    await expect(fetch(bound)).rejects.toMatchObject({ reason: 'download.too_large' });

    answers = [(_, response) => response.writeHead(200).end(FILE)];
    await expect(fetch(bound)).rejects.toMatchObject({ reason: 'download.too_large' });
    expect(statSync(partPath()).size).toBeLessThan(FILE.length);
  });

  it('is not let become more by being unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(5_000_000));
    answers = [
      (request, response) => {
        expect(request.headers['accept-encoding']).toBe('identity');
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bomb.length }).end(bomb);
      },
    ];

    await expect(fetch()).rejects.toMatchObject({ reason: 'download.encoded' });
    expect(statSync(partPath()).size).toBe(0);
  });
});

describe('what is tried again', () => {
  it('is an answer that passes, and what brings something each time', async () => {
    const some =
      (length: number): Answer =>
      ({ headers }, response) => {
        const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
        const range = { 'content-range': `bytes ${from}-${FILE.length - 1}/${FILE.length}` };
        response.writeHead(from === 0 ? 200 : 206, from === 0 ? {} : range);
        response.write(FILE.subarray(from, from + length), () => response.socket?.end());
      };
    answers = [
      (_, response) => response.writeHead(503).end(),
      (_, response) => response.writeHead(429).end(),
      ...Array.from({ length: 8 }, () => some(20_000)),
      whole,
    ];

    expect(await fetch()).toEqual(FILE);
  });

  it('is a body that is shorter than it was said, until that has gained nothing for a while', async () => {
    answers = [
      ({ headers }, response) => {
        const from = headers.range === undefined ? 0 : 10;
        response.writeHead(from === 0 ? 200 : 206, { 'content-range': `bytes ${from}-9/${FILE.length}` });
        response.end(FILE.subarray(from, 10));
      },
    ];

    // Of ten bytes that come without a length nobody can tell that they are not all; the checksum can.
    await expect(fetch()).rejects.toMatchObject({ reason: 'download.checksum_mismatch' });
    answers = [beginning(10)];
    await expect(fetch()).rejects.toMatchObject({ code: 'unavailable', reason: 'download.unavailable' });
  });

  it('is a file that begins anew each time, until that was tried often enough', async () => {
    let count = 0;
    answers = [
      (_, response) => {
        count += 1;
        response.writeHead(200, { 'content-length': FILE.length });
        response.write(FILE.subarray(0, count % 2 === 0 ? 20 : 10), () => response.socket?.end());
      },
    ];

    await expect(fetch()).rejects.toMatchObject({ reason: 'download.unavailable' });
    expect(count).toBeLessThan(20);
  });

  it('is a body that does not move, until that has gained nothing for a while', async () => {
    answers = [(_, response) => void response.writeHead(200, { 'content-length': FILE.length }).write('x')];

    await expect(fetch({}, { stallMs: 50 })).rejects.toMatchObject({ reason: 'download.unavailable' });
    expect(ranges.length).toBeGreaterThan(1);
  });

  it.each([1, 5])(
    'is one that comes by drops, also if it breaks off after %i of them again and again',
    async (drops) => {
      answers = [
        (_, response) => {
          response.writeHead(200, { 'content-length': FILE.length });
          let sent = 0;
          const drip = setInterval(() => {
            sent += 1;
            if (sent > drops && drops > 1) response.socket?.end();
            else response.write('x');
          }, 20);
          response.on('close', () => clearInterval(drip));
        },
      ];

      await expect(fetch({}, { windowMs: 400 })).rejects.toMatchObject({
        code: 'failed_precondition',
        reason: 'download.too_slow',
      });
    },
  );

  it('is an answer whose beginning comes by drops', async () => {
    answers = [
      ({ socket }) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const drip = setInterval(() => socket.write('x: y\r\n'), 20);
        socket.on('close', () => clearInterval(drip));
        socket.on('error', () => undefined);
      },
    ];

    await expect(fetch({}, { stallMs: 200 })).rejects.toMatchObject({ reason: 'download.unavailable' });
  });

  it('is no refusal', async () => {
    answers = [(_, response) => response.writeHead(404).end('gone')];

    await expect(fetch()).rejects.toMatchObject({ reason: 'download.refused', details: { status: 404 } });
    expect(ranges).toHaveLength(1);
  });

  it('ends with the signal, between tries and within one', async () => {
    const abort = new AbortController();
    answers = [
      (_, response) => {
        response.writeHead(200, { 'content-length': FILE.length }).write('x');
        abort.abort(new Error('enough'));
      },
    ];
    await expect(fetch({ signal: abort.signal })).rejects.toThrow('enough');

    const later = new AbortController();
    answers = [
      (_, response) => {
        response.writeHead(503).end(() => setImmediate(() => later.abort(new Error('later'))));
      },
    ];
    await expect(fetch({ signal: later.signal }, { retryMs: 60_000 })).rejects.toThrow('later');
  });
});

describe('where a download may lead', () => {
  it('is elsewhere, when it is sent on, where that may be reached', async () => {
    answers = [redirect('/moved'), whole];

    expect(await fetch({}, { allowedTargets: parseAllowedTargets('127.0.0.1') })).toEqual(FILE);
  });

  it('is no private address that it is sent on to, whoever asked', async () => {
    answers = [redirect(`${origin()}/moved`), whole];

    await expect(fetch()).rejects.toMatchObject({ reason: 'download.target_refused' });
    expect(ranges).toHaveLength(1);
  });

  it.each(['http://169.254.169.254/latest/meta-data', 'http://[::1]/', 'http://0x7f.1/', 'http://[::ffff:10.0.0.1]/'])(
    'is not %s',
    async (location) => {
      answers = [redirect(location)];

      await expect(fetch()).rejects.toMatchObject({
        reason: 'download.target_refused',
      });
    },
  );

  it('is neither a file nor any other protocol', async () => {
    answers = [redirect('file:///etc/passwd')];

    await expect(fetch()).rejects.toMatchObject({ code: 'failed_precondition', reason: 'download.refused' });
    for (const url of ['file:///etc/passwd', 'ftp://a.example/', 'http://u:p@a.example/', 'nonsense', 'http://a:0/'])
      await expect(fetch({ url })).rejects.toMatchObject({ reason: 'download.invalid_url' });
  });

  it('ends somewhere', async () => {
    answers = [redirect('/again')];

    await expect(fetch({}, { allowedTargets: parseAllowedTargets('127.0.0.1') })).rejects.toMatchObject({
      reason: 'download.too_many_redirects',
    });
    expect(ranges).toHaveLength(6);
  });

  it('is this machine only by an address, and for who may name one', async () => {
    answers = [whole];

    await expect(fetch({ isLocalAllowed: false })).rejects.toMatchObject({ reason: 'download.target_refused' });
    // A name may have been made to lead anywhere.
    const url = origin().replace('127.0.0.1', 'localhost');
    await expect(fetch({ url })).rejects.toMatchObject({ reason: 'download.target_refused' });
    expect(ranges).toEqual([]);
  });

  it('is what was judged, whatever address the name has a moment later', async () => {
    answers = [whole];
    const url = `${origin().replace('127.0.0.1', 'images.example')}/file`;
    const lookups: string[] = [];
    const resolve = async (host: string): Promise<readonly string[]> => {
      lookups.push(host);
      return [lookups.length === 1 ? '127.0.0.1' : '10.0.0.1'];
    };

    await fetch({ url }, { resolve, allowedTargets: parseAllowedTargets('127.0.0.1') });

    expect(lookups).toEqual(['images.example']);
    await expect(fetch({ url }, { resolve: async () => ['10.0.0.1'] })).rejects.toMatchObject({
      reason: 'download.target_refused',
    });
  });
});

describe('something small', () => {
  const fetchBytes = (maxBytes: number): Promise<Uint8Array> =>
    createFetcher({ allowedTargets: parseAllowedTargets(''), version: '1', retryMs: 1 }).fetchBytes({
      ...{ url: `${origin()}/SHA256SUMS`, maxBytes, isLocalAllowed: true, signal: new AbortController().signal },
    });

  it('is fetched into memory, and no more of it than was allowed', async () => {
    answers = [(_, response) => response.writeHead(500).end(), (_, response) => response.end('sums')];

    expect(Buffer.from(await fetchBytes(4)).toString()).toBe('sums');
    await expect(fetchBytes(3)).rejects.toMatchObject({ reason: 'download.too_large' });
  });
});

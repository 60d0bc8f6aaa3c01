import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadResponse, encodeRequest, type HttpResponse, readResponse } from './http-message.ts';

const BOUNDS = { headBytes: 4_096, bodyBytes: 100 };
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function* pieces(whole: string, cuts: readonly number[] = []): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(whole);
  let at = 0;
  for (const cut of [...cuts.filter((each) => each < bytes.length).toSorted((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(at, cut);
    at = Math.max(at, cut);
  }
}

function read(whole: string, bounds = BOUNDS): Promise<HttpResponse> {
  return readResponse(pieces(whole), bounds);
}

describe('an HTTP request', () => {
  it('has its line, its headers and its body', () => {
    const bytes = encodeRequest({
      ...{ method: 'POST', path: '/a?b', host: 'localhost:80' },
      ...{ headers: { 'content-type': 'text/plain' }, body: new TextEncoder().encode('hi') },
    });

    expect(text(bytes)).toBe(
      'POST /a?b HTTP/1.1\r\nhost: localhost:80\r\nuser-agent: volary\r\naccept: */*\r\ncontent-type: text/plain\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi',
    );
  });

  it.each([
    { method: 'GET', path: '/a b', host: 'h' },
    { method: 'GET', path: '/\r\nx: y', host: 'h' },
    { method: 'GET', path: '/', host: 'h', headers: { a: 'b\r\nc: d' } },
    { method: 'GET', path: '/', host: 'h', headers: { 'a b': 'c' } },
  ])('cannot smuggle anything: %j', (request) => {
    expect(() => encodeRequest(request)).toThrow(RangeError);
  });
});

describe('an HTTP response', () => {
  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi', 200, 'hi'],
    ['HTTP/1.0 404 Not Found\r\n\r\nuntil the end', 404, 'until the end'],
    [
      'HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\nA\r\n0123456789\r\n0\r\n\r\n',
      200,
      'hi0123456789',
    ],
    ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\ncontent-length: 0\r\n\r\n', 201, ''],
    ['HTTP/1.1 204 No Content\r\n\r\nrubbish', 204, ''],
  ])('is read, however it comes: %j', async (whole, status, body) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(whole.length)), async (cuts) => {
        const response = await readResponse(pieces(whole, cuts), BOUNDS);
        expect([response.status, text(response.body)]).toEqual([status, body]);
      }),
      { numRuns: 40 },
    );
  });

  it('joins headers that come twice', async () => {
    const { headers } = await read('HTTP/1.1 200 OK\r\nA: b\r\na:  c \r\ncontent-length: 0\r\n\r\n');

    expect(headers.get('a')).toBe('b, c');
  });

  it.each([
    'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 999 What\r\n\r\n',
    'HTTP/1.1 200 OK\r\nbad header\r\n\r\n',
    'HTTP/1.1 200 OK\r\n folded: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhi',
    'HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n',
    `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(101)}`,
    `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(1_000)}\r\n`,
    'HTTP/1.1 100 Continue\r\n\r\n'.repeat(20),
    '',
  ])('is refused when it is none: %j', async (whole) => {
    await expect(read(whole)).rejects.toThrow(BadResponse);
  });

  it('is not read past its head where its body is not wanted', async () => {
    const { status } = await read('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n', {
      headBytes: 100,
      bodyBytes: 0,
    });

    expect(status).toBe(200);
  });
});

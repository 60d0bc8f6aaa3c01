import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { idFromUuid } from '../../../../domain/ids.ts';
import { findContainer, listContainers, removeContainer } from './containers.ts';
import { createEngineClient, type EngineClient } from './engine-client.ts';

/* What an engine may do that is none of a sound one, played by a server at a socket like its. */

const options = { signal: AbortSignal.timeout(30_000) };
const UNREACHABLE = { code: 'unavailable', reason: 'driver.engine_unreachable' };
const REFUSED = { code: 'unavailable', reason: 'driver.engine_refused' };
const PING = { method: 'GET', path: '/_ping' } as const;
const VM = { vmId: idFromUuid('vm', '0198a5c0-0000-7000-8000-000000000001'), installationId: 'test' };

let directory: string;
let engine: Server;
let client: EngineClient;
/** How it answers all but the question for its version, and that one. */
let answer: RequestListener;
let answerVersion: RequestListener;

const soundVersion: RequestListener = (_request, response) =>
  response.end(JSON.stringify({ Version: '28.0', ApiVersion: '1.48', MinAPIVersion: '1.24' }));
const silence: RequestListener = () => undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-engine-'));
  answerVersion = soundVersion;
  engine = createServer((request, response) =>
    request.url === '/version' ? answerVersion(request, response) : answer(request, response),
  );
  const socketPath = join(directory, 'docker.sock');
  engine.listen(socketPath);
  await once(engine, 'listening');
  client = createEngineClient(socketPath, { answerMs: 200, versionMs: 200, pingMs: 50, rememberedMs: 100 });
});
afterEach(async () => {
  engine.closeAllConnections();
  engine.close();
  await once(engine, 'close');
  rmSync(directory, { recursive: true });
});

describe('an engine that says nothing', () => {
  it('is waited for so long and no longer, by each call of it', async () => {
    answerVersion = silence;
    await expect(client.version(options)).rejects.toMatchObject({
      ...UNREACHABLE,
      message: 'The Docker Engine cannot be reached. It does not answer.',
    });
    await expect(client.call(PING, options)).rejects.toMatchObject(UNREACHABLE);

    answerVersion = soundVersion;
    answer = silence;
    for (const ask of [
      () => client.call(PING, options),
      () => client.stream(PING, options),
      () => client.upgrade('/exec/1/start', {}, options),
    ]) {
      await expect(ask()).rejects.toMatchObject(UNREACHABLE);
    }
  });

  it('keeps those who come then for a moment only, and is used again when it answers', async () => {
    let asked = 0;
    answer = () => void asked++;
    await expect(client.call(PING, options)).rejects.toMatchObject(UNREACHABLE);
    answerVersion = silence;

    const all = await Promise.allSettled(Array.from({ length: 50 }, () => client.call(PING, options)));

    expect(all.every(({ status }) => status === 'rejected')).toBe(true);
    expect(asked).toBe(1);
    answerVersion = soundVersion;
    answer = (_request, response) => response.end('OK');
    await expect.poll(() => client.call(PING, options), { timeout: 10_000 }).toEqual({ status: 200, body: 'OK' });
  });

  it('is waited for without an end where something is followed', async () => {
    answer = (_request, response) => {
      response.write('begun');
      setTimeout(() => response.end('gone on'), 500);
    };

    const stream = await client.stream({ ...PING, isFollowed: true }, options);

    let text = '';
    for await (const bytes of stream ?? []) text += String(bytes);
    expect(text).toBe('begungone on');
  });

  it('is not waited for without an end where it has begun to tell what there is', async () => {
    answer = (_request, response) => void response.write('begun');
    const stream = await client.stream(PING, options);

    const reading = (async () => {
      for await (const bytes of stream ?? []) expect(String(bytes)).toBe('begun');
    })();

    await expect(reading).rejects.toThrow();
  });
});

describe('an engine that breaks off', () => {
  it('in the middle of an answer is one that cannot be reached', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"Id": "', () => response.destroy());
    };

    await expect(client.call(PING, options)).rejects.toMatchObject(UNREACHABLE);
  });
});

describe('an engine that removes a container already', () => {
  const removal = (words: string, asked: string[]): RequestListener => {
    return (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      if (request.method === 'DELETE') response.writeHead(409).end(JSON.stringify({ message: words }));
      else response.end('{"StatusCode":0}');
    };
  };

  it('is waited for until it has', async () => {
    const asked: string[] = [];
    answer = removal('removal of container 1 is already in progress', asked);

    await removeContainer(client, '1', options);

    expect(asked).toEqual(['DELETE /v1.41/containers/1?v=1', 'POST /v1.41/containers/1/wait?condition=removed']);
  });

  it('is not taken for one that refuses', async () => {
    answer = removal('You cannot remove a running container', []);

    await expect(removeContainer(client, '1', options)).rejects.toMatchObject(REFUSED);
  });
});

describe('an engine that answers nonsense', () => {
  it.each(['', 'null', '[]', '{}', '<html>', '{"Config": {"Labels": null}}'])(
    'is not believed that a container is gone: %s',
    async (text) => {
      answer = (_request, response) => response.end(text);

      await expect(findContainer(client, VM, options)).rejects.toMatchObject(REFUSED);
    },
  );

  it.each(['', 'null', '{}', '<html>'])('is not believed that there are no containers: %s', async (text) => {
    answer = (_request, response) => response.end(text);

    await expect(listContainers(client, VM, options)).rejects.toMatchObject(REFUSED);
  });
});

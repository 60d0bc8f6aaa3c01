import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Event, type Problem, routes, type WebhookWithSecret } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Received, type Receiver, startReceiver, withStatus } from '../../lib/testing/http-receiver.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

const GUIDE = readFileSync(new URL('../../../../../docs/guide/webhooks.md', import.meta.url), 'utf8');

let server: RunningServer;
let client: VolaryClient;
let receiver: Receiver;

function clientOf({ url }: RunningServer): VolaryClient {
  return createClient({ baseUrl: url, apiKey: ADMIN_KEY });
}

beforeEach(async () => {
  receiver = await startReceiver();
  server = await runServer({ VOLARY_WEBHOOK_ALLOWED_TARGETS: '127.0.0.1' });
  client = clientOf(server);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await receiver[Symbol.asyncDispose]();
});

/** A POST under this key; the answer, and whether it is a repetition. */
async function post(
  key: string,
  body: object,
  path = '',
): Promise<{ readonly text: string; readonly replayed: boolean }> {
  const headers = {
    authorization: `Bearer ${ADMIN_KEY}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  };
  const response = await fetch(`${server.url}/v1/webhooks${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { text: await response.text(), replayed: response.headers.get('idempotency-replayed') === 'true' };
}

function signatureBy(secret: string | null, { headers, body }: Received): string {
  const mac = createHmac('sha256', secret ?? '').update(`${String(headers['volary-timestamp'])}.${body}`);
  return `v1=${mac.digest('hex')}`;
}

describe('the ETag of a webhook', () => {
  it('protects it from a change or a deletion that is based on an old look at it', async () => {
    const made = await send(server.url, routes.createWebhook, { body: { url: receiver.url } });
    const params = { id: String(JSON.parse(made.text).id) };
    const seen = async (): Promise<string> =>
      String((await send(server.url, routes.getWebhook, { params })).headers.get('etag'));
    const old = await seen();
    expect(made.headers.get('etag')).toBe(old);

    const change = (etag: string) =>
      send(server.url, routes.updateWebhook, { params, body: { description: etag }, headers: { 'if-match': etag } });
    const first = await change(old);
    const refused = await change(old);
    const kept = await send(server.url, routes.deleteWebhook, { params, headers: { 'if-match': old } });

    expect([first.status, first.headers.get('etag')]).toEqual([200, await seen()]);
    for (const { status, text } of [refused, kept])
      expect([status, JSON.parse(text)]).toMatchObject([412, { code: 'conflict', reason: 'webhook.changed' }]);
    expect(await client.webhooks.get(params.id)).toMatchObject({ description: old });
    const gone = await send(server.url, routes.deleteWebhook, {
      params,
      headers: { 'if-match': `"x", ${await seen()}` },
    });
    expect(gone.status).toBe(204);
  });

  it('does not change when it is told of events, and changes with each change within a millisecond', async () => {
    const webhook = await client.webhooks.create({ url: receiver.url });
    const changed = await client.webhooks.update(webhook.id, { description: 'a' }, { ifUnchangedSince: webhook });
    await receiver.count(1);
    let last = await client.webhooks.update(webhook.id, { description: 'b' }, { ifUnchangedSince: changed });
    const seen = new Set([webhook.updated_at, changed.updated_at, last.updated_at]);
    for (let i = 0; i < 20; i++) {
      last = await client.webhooks.update(webhook.id, {}, { ifUnchangedSince: last });
      seen.add(last.updated_at);
    }

    expect(seen.size).toBe(23);
    await expect(client.webhooks.delete(webhook.id, { ifUnchangedSince: changed })).rejects.toMatchObject({
      status: 412,
    });
    await client.webhooks.delete(webhook.id, { ifUnchangedSince: last });
  });
});

describe('a webhook', () => {
  it('gets events as /v1/events shows them, signed by its secret, and by two while that is changed', async () => {
    const { id, secret } = await client.webhooks.create({ url: receiver.url });
    await client.webhooks.update(id, { description: 'first change' });
    const [first] = await receiver.count(1);
    const { items } = await client.events.list({ after: 0, types: ['webhook.updated'] });
    const rotated = await client.webhooks.update(id, { rotate_secret: true });
    const [, second] = await receiver.count(2);
    if (first === undefined || second === undefined) throw new Error('not told');

    expect(JSON.parse(first.body)).toEqual(items[0]);
    expect(first.headers['volary-signature']).toBe(signatureBy(secret, first));
    expect(second.headers['volary-signature']).toBe(
      `${signatureBy(rotated.secret, second)},${signatureBy(secret, second)}`,
    );
    expect(await client.webhooks.get(id)).toMatchObject({ secret_count: 2, description: 'first change' });
    expect(await client.webhooks.get(id)).not.toHaveProperty('secret');
  });

  it('is told of each event, in order, through kills of the server at any moment', { timeout: 90_000 }, async () => {
    const { id, last_sequence: start } = await client.webhooks.create({ url: receiver.url });
    const names = Array.from({ length: 6 }, (_, i) => `vm-${i}`);
    for (const name of names) {
      await client.vms.create({ name, start: false });
      // In the middle of telling, before or after its being written down.
      await receiver.count(receiver.received.length + 1);
      server = await server.killAndStartAnother();
      client = clientOf(server);
    }
    // What is left to be done of them is told as well.
    for (const name of names) await client.vms.wait(name, { phase: 'stopped' });
    await client.webhooks.update(id, { description: 'the last event' });
    const all = await eventsAfter(start);
    const last = all.at(-1)?.sequence ?? 0;
    await expect.poll(async () => (await client.webhooks.get(id)).last_sequence, { timeout: 20_000 }).toBe(last);

    const sequences = receiver.received.map(({ headers }) => Number(headers['volary-event-id']));
    // At least once: one that was under way may come again, next to itself.
    expect([...new Set(sequences)]).toEqual(all.map(({ sequence }) => sequence));
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    for (const { body } of receiver.received) expect(all).toContainEqual(JSON.parse(body));
  });

  it('is asked for by exactly one thing to replay', async () => {
    const { id } = await client.webhooks.create({ url: receiver.url, is_enabled: false });

    for (const body of [{}, { after: 1, sequences: [1] }])
      await expect(client.webhooks.replay(id, body)).rejects.toMatchObject({ status: 400, reason: 'request.invalid' });
    await expect(client.webhooks.replay(id, { after: 10_000 })).rejects.toMatchObject({
      status: 400,
      reason: 'webhook.replay_ahead',
    });
  });

  it('is tested and told again once for each key', async () => {
    const { id } = await client.webhooks.create({ url: receiver.url, types: ['vm.failed'] });
    for (const path of [`/${id}/test`, `/${id}/replay`]) {
      const body = path.endsWith('test') ? {} : { sequences: [1] };
      const first = await post(path, body, path);
      const again = await post(path, body, path);

      expect([first.replayed, again.replayed, again.text]).toEqual([false, true, first.text]);
    }
    await receiver.count(2);
    await expect
      .poll(() => client.webhooks.deliveries(id))
      .toMatchObject({
        items: [
          { kind: 'replay', state: 'delivered' },
          { kind: 'test', state: 'delivered' },
        ],
      });

    expect(receiver.received).toHaveLength(2);
  });

  it('is listed page by page, as are its deliveries', async () => {
    for (const description of ['a', 'b', 'c'])
      await client.webhooks.create({ url: receiver.url, description, is_enabled: false });
    const descriptions: string[] = [];
    let id = '';
    for await (const each of client.webhooks.listAll()) {
      descriptions.push(each.description);
      id = each.id;
    }
    receiver.answer = withStatus(500, {}, 'no');
    for (let i = 0; i < 3; i++) await client.webhooks.test(id);
    const first = await client.webhooks.deliveries(id, { limit: 2, state: 'dead' });
    const rest = await client.webhooks.deliveries(id, { limit: 2, cursor: first.next_cursor ?? '' });

    expect(descriptions).toEqual(['a', 'b', 'c']);
    expect((await client.webhooks.list({ limit: 2 })).next_cursor).not.toBeNull();
    const sequences = [...first.items, ...rest.items].map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => b - a));
    expect(sequences).toHaveLength(3);
    expect(rest.next_cursor).toBeNull();
  });
});

describe('the secret of a webhook', () => {
  it('is told once more to the same request under the same key, until it is changed, also after a kill', async () => {
    const body = { url: receiver.url, is_enabled: false };
    const made = await post('k', body);
    const { id, secret }: WebhookWithSecret = JSON.parse(made.text);
    server = await server.killAndStartAnother();
    client = clientOf(server);
    const again = await post('k', body);

    expect([made.replayed, again.replayed]).toEqual([false, true]);
    expect(again.text).toBe(made.text);
    expect((await client.webhooks.list()).items).toHaveLength(1);

    await client.webhooks.update(id, { rotate_secret: true });
    expect(JSON.parse((await post('k', body)).text)).toMatchObject({ id, secret: null, secret_count: 2 });
    expect(secret).toMatch(/^whsec_/);

    await client.webhooks.delete(id);
    const gone: Problem = JSON.parse((await post('k', body)).text);
    expect(gone).toMatchObject({ status: 404, reason: 'webhook.unknown' });
  });

  it('that was sent by somebody is not told to them', async () => {
    const made = await client.webhooks.create({ url: receiver.url, secret: 'one-of-my-own-choice', is_enabled: false });

    expect(made.secret).toBeNull();
  });

  it('stands in no file of the data directory, nor in the log, however it came', async () => {
    const { text } = await post('kept?', { url: receiver.url });
    const { id, secret }: WebhookWithSecret = JSON.parse(text);
    await client.webhooks.test(id);
    await post('kept?', { url: receiver.url });
    const own = 'one-of-my-own-choice';
    await post('own', { url: receiver.url, secret: own });
    const { secret: rotated } = await client.webhooks.update(id, { rotate_secret: true });
    if (secret === null || rotated === null || rotated === undefined) throw new Error('not told');

    const files = readdirSync(server.dataDir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    const bytes = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1')).join('\n');

    expect(bytes).toContain('kept?');
    for (const value of [secret, rotated, own]) {
      expect(bytes).not.toContain(value);
      expect(bytes).not.toContain(Buffer.from(value).toString('base64').slice(0, 16));
      expect(server.log()).not.toContain(value);
    }
  });
});

describe('the example in the guide', () => {
  /** Two requests that are genuine, one with two signatures. */
  async function genuine(): Promise<{ readonly secret: string; readonly requests: readonly Received[] }> {
    const { id, secret } = await client.webhooks.create({ url: receiver.url });
    await client.webhooks.update(id, { description: 'grüße' });
    await receiver.count(1);
    await client.webhooks.update(id, { rotate_secret: true });
    return { secret: secret ?? '', requests: await receiver.count(2) };
  }

  function variantsOf(requests: readonly Received[], secret: string) {
    const plain = requests.map(({ headers, body }) => ({ headers, body, secret, expected: true }));
    const [first] = plain;
    if (first === undefined) throw new Error('not told');
    const late = { ...first.headers, 'volary-timestamp': String(Number(first.headers['volary-timestamp']) - 1000) };
    return [
      ...plain,
      { ...first, body: `${first.body} `, expected: false },
      { ...first, secret: 'another secret', expected: false },
      { ...first, headers: late, expected: false },
      { ...first, headers: { ...first.headers, 'volary-signature': 'v1=' }, expected: false },
    ];
  }

  it('for Node.js knows what is genuine', async () => {
    const { secret, requests } = await genuine();
    const directory = mkdtempSync(join(tmpdir(), 'volary-test-guide-'));
    try {
      const path = join(directory, 'verify.mjs');
      writeFileSync(path, exampleIn('js'));
      const example: unknown = await import(pathToFileURL(path).href);
      const isGenuine = memberOf(example, 'isGenuine');

      for (const { headers, body, secret: by, expected } of variantsOf(requests, secret))
        expect(isGenuine(headers, Buffer.from(body), by)).toBe(expected);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('for Python knows what is genuine', async (context) => {
    if (spawnSync('python3', ['--version']).status !== 0) context.skip('there is no python3 here');
    const { secret, requests } = await genuine();
    const variants = variantsOf(requests, secret);
    const program = `${exampleIn('python')}
import email.message
import json
import sys

for each in json.load(sys.stdin):
    headers = email.message.Message()
    for name, value in each["headers"].items():
        headers[name] = value
    print(json.dumps(is_genuine(headers, each["body"].encode(), each["secret"])))
`;
    const { stdout, stderr } = spawnSync('python3', ['-c', program], {
      input: JSON.stringify(variants),
      encoding: 'utf8',
    });

    expect(stdout.trim().split('\n'), stderr).toEqual(variants.map(({ expected }) => String(expected)));
  });
});

async function eventsAfter(sequence: number): Promise<readonly Event[]> {
  const { items } = await client.events.list({ after: sequence, limit: 200 });
  return items;
}

function exampleIn(language: string): string {
  const code = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(GUIDE)?.[1];
  if (code === undefined) throw new Error(`the guide has no example in ${language}`);
  return code;
}

function memberOf(module: unknown, name: string): (...args: readonly unknown[]) => unknown {
  const member: unknown = Object(module)[name];
  if (typeof member !== 'function') throw new TypeError(`${name} is no function`);
  return (...args) => Reflect.apply(member, undefined, args);
}

import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runApi } from '../../testing/run-api.ts';
import { ADMIN_KEY } from '../../testing/run-server.ts';
import { fault, MOMENT, runVolant, type Volant } from './volant.test-kit.ts';

let volant: Volant;
let client: VolaryClient;
beforeAll(async () => {
  volant = await runVolant();
  client = createClient({ baseUrl: volant.server.url, apiKey: ADMIN_KEY });
  await volant.ask('POST', '/plugins', { name: 'nginx-alpine', version: '1.0.0' });
});
afterAll(async () => {
  await volant?.server[Symbol.asyncDispose]();
});

interface Told {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads the stream until it has told enough, and returns that. */
async function read(
  url: string,
  isEnough: (told: readonly Told[]) => boolean,
  lastEventId?: string,
): Promise<readonly Told[]> {
  const abort = new AbortController();
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await fetch(url, { headers, signal: abort.signal });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const told: Told[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    told.push(...frames.flatMap(toTold));
    if (isEnough(told)) break;
  }
  abort.abort();
  return told;
}

/** Frames without an event are comments. */
function toTold(frame: string): readonly Told[] {
  const of = (name: string): string | null => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1] ?? null;
  const [id, event, data] = [of('id'), of('event'), of('data')];
  return id === null || event === null || data === null ? [] : [{ id, event, data: JSON.parse(data) }];
}

const has = (name: string, event: string) => (told: readonly Told[]) =>
  told.some((one) => one.event === event && one.data['name'] === name);
/** An event as the engine writes it, of 2025-01-15T10:00:05.999Z. */
const ABOUT = { subject: 'vm_1', vmId: 'vm_1', owner: 'api', operationId: null, at: 1_736_935_205_999 };
const timestamp = expect.stringMatching(MOMENT);

describe('the stream of events', () => {
  it('tells what becomes of a VM, under the documented names, with the documented data', async () => {
    const reading = read(`${volant.base}/events/vms`, has('my-vm', 'vm.deleted'), '0');
    await volant.ask('POST', '/vms', { name: 'my-vm', plugin: 'nginx-alpine' });
    await volant.until('/vms/my-vm', ({ status }: { readonly status: string }) => status === 'running');
    const { ip } = await client.vms.get('my-vm');
    await volant.ask('POST', '/vms/my-vm/stop');
    await volant.ask('DELETE', '/vms/my-vm');
    const told = (await reading).filter(({ event, data }) => data['name'] === 'my-vm' && event !== 'vm.health_changed');

    expect(told.map(({ event, data }) => [event, data])).toEqual([
      ['vm.created', { name: 'my-vm', plugin: 'nginx-alpine', timestamp }],
      ['vm.started', { name: 'my-vm', ip, timestamp }],
      ['vm.stopped', { name: 'my-vm', timestamp }],
      ['vm.deleted', { name: 'my-vm', timestamp }],
    ]);
    expect(told.map(({ data }) => Object.keys(data))).toEqual([
      ['name', 'plugin', 'timestamp'],
      ['name', 'ip', 'timestamp'],
      ['name', 'timestamp'],
      ['name', 'timestamp'],
    ]);
  });

  it('goes on after the event that a client has seen last', async () => {
    const all = await read(`${volant.base}/events/vms`, has('my-vm', 'vm.deleted'), '0');
    const [first, ...rest] = all;

    expect(await read(`${volant.base}/events/vms`, has('my-vm', 'vm.deleted'), first?.id)).toEqual(rest);
  });

  it('tells how the health of a VM changes', async () => {
    await using api = await runApi({});
    const data = { name: 'web-1', from: 'healthy', to: 'unhealthy', old_status: 'healthy', status: 'unhealthy' };
    await api.append({ ...ABOUT, type: 'vm.health_changed', data: { ...data, message: 'no answer' } });

    expect(await read(`${api.url}/volant/api/v1/events/vms`, has('web-1', 'vm.health_changed'), '0')).toMatchObject([
      { data: { name: 'web-1', old_status: 'healthy', status: 'unhealthy', timestamp: '2025-01-15T10:00:05Z' } },
    ]);
  });

  it('tells of a VM that has failed, with why', async () => {
    await using api = await runApi({});
    await api.append({
      ...ABOUT,
      type: 'vm.failed',
      data: { name: 'broken', reason: 'vm.boot_timeout', message: 'The guest did not answer.' },
    });
    const url = `${api.url}/volant/api/v1/events/vms`;

    expect(await read(url, has('broken', 'vm.error'), '0')).toMatchObject([
      {
        event: 'vm.error',
        data: { name: 'broken', error: 'The guest did not answer.', timestamp: '2025-01-15T10:00:05Z' },
      },
    ]);
  });

  it('shows that it is alive while nothing happens, and is refused in the words of the dialect', async () => {
    await using api = await runApi({ limits: { heartbeatMs: 50, eventReaders: 1 } });
    const abort = new AbortController();
    const url = `${api.url}/volant/api/v1/events/vms`;
    const response = await fetch(url, { signal: abort.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if ((text.match(/^: /gm) ?? []).length > 2) break;
      const other = await fetch(url);
      expect([other.status, JSON.parse(await other.text())]).toEqual([
        429,
        expect.objectContaining({ code: 'events_too_many_readers' }),
      ]);
    }
    abort.abort();

    expect(await volant.ask('GET', '/events/vms?since=1')).toEqual(fault(400, 'invalid_request'));
  });
});

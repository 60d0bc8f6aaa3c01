import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MOMENT, type NovacronServer, startNovacron } from './novacron.test-kit.ts';

let here: NovacronServer;
beforeAll(async () => {
  here = await startNovacron();
});
afterAll(async () => {
  await here?.[Symbol.asyncDispose]();
});

/** The same operation, as `/v1` knows it by whatever it is called. */
async function settled(id: string): Promise<{ readonly kind: string; readonly state: string }> {
  const { kind, state } = await here.client.operations.finish(id);
  return { kind, state };
}

describe('the metrics of a VM', () => {
  it('are those of /v1, in the units of the document', async () => {
    const id = await here.make('measured');
    const read = async () =>
      (await here.ask<{ metrics: Record<string, Record<string, number>> }>('GET', `/vms/${id}/metrics?interval=1m`))
        .body;
    await expect.poll(async () => (await read()).metrics['memory']?.['total_gb'], { timeout: 30_000 }).not.toBeNull();
    const body = await read();
    const { metrics } = await here.client.metrics.get(id, { interval: '1m' });

    const number = expect.any(Number);
    expect(body).toEqual({
      ...{ vm_id: id, timestamp: expect.stringMatching(MOMENT), interval: '1m' },
      metrics: {
        cpu: { usage_percent: number, user_percent: number, system_percent: number, iowait_percent: 0 },
        memory: {
          total_gb: Math.round(((metrics.memory?.total_bytes ?? 0) / 1024 ** 3) * 1_000) / 1_000,
          used_gb: Math.round(((metrics.memory?.used_bytes ?? 0) / 1024 ** 3) * 1_000) / 1_000,
          ...{ free_gb: number, cache_gb: 0 },
        },
        disk: { read_iops: 0, write_iops: 0, read_mbps: 0, write_mbps: 0 },
        network: { rx_mbps: 0, tx_mbps: 0, rx_packets: 0, tx_packets: 0 },
      },
    });
  });

  it('are of five minutes where nothing is said, of those kinds that are asked for, and null where nothing was measured', async () => {
    await here.client.vms.create({ name: 'unmeasured', start: false, disk_gib: 1 });
    const { id } = await here.client.vms.get('unmeasured');
    const { body } = await here.ask('GET', `/vms/${id}/metrics?metrics=cpu,network`);

    expect(body).toMatchObject({
      interval: '5m',
      metrics: { cpu: { usage_percent: null }, network: { rx_packets: null } },
    });
    expect(body).not.toHaveProperty('metrics.memory');
    for (const query of ['interval=2m', 'metrics=gpu'])
      expect(await here.ask('GET', `/vms/${id}/metrics?${query}`)).toMatchObject({
        status: 400,
        body: { error: { details: [{ field: query.split('=')[0] }] } },
      });
  });
});

describe('the logs of a VM', () => {
  interface Line {
    readonly timestamp: string;
    readonly message: string;
  }

  it('are its last lines, oldest first, from some moment on', async () => {
    const id = await here.make('talker');
    const { status, body } = await here.ask<{ logs: readonly Line[] }>('GET', `/vms/${id}/logs?lines=1000`);
    const native = (await here.client.logs.list({ vm: id, limit: 200 })).items;

    expect(status).toBe(200);
    expect(body).toMatchObject({ vm_id: id });
    expect(body.logs.map(({ message }) => message)).toEqual(native.map(({ message }) => message));
    for (const line of body.logs)
      expect(line).toEqual({
        timestamp: expect.stringMatching(MOMENT),
        level: expect.stringMatching(/^(DEBUG|INFO|WARNING|ERROR)$/),
        source: expect.stringMatching(/^(system|application)$/),
        message: expect.any(String),
      });
    const last = await here.ask<{ logs: readonly Line[] }>('GET', `/vms/${id}/logs?lines=2`);
    expect(last.body.logs).toEqual(body.logs.slice(-2));
    const later = await here.ask<{ logs: readonly Line[] }>('GET', `/vms/${id}/logs?since=2100-01-01T00:00:00Z`);
    expect(later.body.logs).toEqual([]);
    expect(await here.ask('GET', `/vms/${id}/logs?since=yesterday`)).toMatchObject({ status: 400 });
  });

  it('are followed, one a line', async () => {
    const id = await here.make('follower');
    const stop = new AbortController();
    const response = await fetch(`${here.base}/vms/${id}/logs?follow=true&lines=1`, {
      headers: { authorization: `Bearer ${here.token}` },
      signal: stop.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    await here.client.vms.stop(id);
    let text = '';
    while (!text.includes('vm.stopped follower')) text += (await reader?.read())?.value ?? '';
    stop.abort();

    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    const lines = text.split('\n').filter((line) => line !== '');
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      ...{ timestamp: expect.stringMatching(MOMENT), level: expect.any(String), source: 'system' },
      message: expect.any(String),
    });
  });
});

describe('a batch', () => {
  interface Started {
    readonly batch_job_id: string;
    readonly results: readonly { readonly vm_id: string }[];
  }

  it('does the same to many, and tells of those that it cannot find', async () => {
    const ids = [await here.make('one-of-many'), await here.make('two-of-many')];
    const { status, body } = await here.ask<Started>('POST', '/batch/vms', {
      ...{ operation: 'stop', vm_ids: [...ids, 'vm_003'] },
      options: { graceful: true, parallel: true },
    });

    expect([status, body]).toEqual([
      202,
      {
        batch_job_id: expect.stringMatching(/^batch_job_[0-9a-z]{26}$/),
        ...{ operation: 'stop', total_vms: 3, status: 'processing' },
        results: [
          ...ids.map((vm_id) => ({ vm_id, status: 'queued' })),
          { vm_id: 'vm_003', status: 'failed', error: { code: 'NOT_FOUND', message: 'VM not found' } },
        ],
      },
    ]);
    expect(await settled(body.batch_job_id)).toEqual({ kind: 'vm.batch', state: 'succeeded' });
    for (const id of ids) expect((await here.client.vms.get(id)).phase).toBe('stopped');
  });

  it('goes in order where it is not to be parallel', async () => {
    const ids = [await here.make('first-in-line'), await here.make('second-in-line')];
    const { body } = await here.ask<Started>('POST', '/batch/vms', {
      ...{ operation: 'restart', vm_ids: ids, options: { parallel: false } },
    });
    const done = await here.client.operations.finish(body.batch_job_id);

    expect(done).toMatchObject({ state: 'succeeded', result: { concurrency: 1 } });
  });

  it('is 404 where none of them is there', async () => {
    expect(await here.ask('POST', '/batch/vms', { operation: 'start', vm_ids: ['vm_001'] })).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND' } },
    });
  });
});

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { expect, it } from 'vitest';
import { line } from '../../ports/log-store.contract.ts';
import { runApi } from '../testing/run-api.ts';
import { ADMIN_KEY } from '../testing/run-server.ts';

const headers = { authorization: `Bearer ${ADMIN_KEY}`, accept: 'application/x-ndjson' };

/** All of the log, of which nothing is read. */
async function exportUnread(url: string): Promise<IncomingMessage> {
  const asking = request(`${url}/v1/logs`, { headers });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve).once('error', reject);
  });
  asking.end();
  return await answered;
}

it('counts as one who reads the log, and is ended when nobody takes it', async () => {
  await using api = await runApi({ limits: { logReaders: 1, slowReaderMs: 3_000, goodbyeMs: 50 }, faults: [] });
  await api.logs.append(Array.from({ length: 800 }, () => line('x'.repeat(16_000))));
  const unread = await exportUnread(api.url);
  const statusOfAnother = async (): Promise<number> => {
    const other = await fetch(`${api.url}/v1/logs?follow=true`, { headers });
    await other.body?.cancel();
    return other.status;
  };

  expect(await statusOfAnother()).toBe(429);
  await expect.poll(statusOfAnother, { timeout: 10_000 }).toBe(200);

  // What is cut off must not look complete.
  const failed = once(unread, 'error');
  unread.resume();
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
});

import { createClient } from '@volary/sdk';
import { expect, it } from 'vitest';
import { parseId } from '../../../domain/ids.ts';
import { line } from '../../../ports/log-store.contract.ts';
import { runApi } from '../../testing/run-api.ts';
import { ADMIN_KEY } from '../../testing/run-server.ts';

it('has the last of the lines where they come to more than an answer may have', async () => {
  await using api = await runApi({});
  const { id } = await createClient({ baseUrl: api.url, apiKey: ADMIN_KEY })
    .vms.create({
      ...{ name: 'writer', start: false, disk_gib: 1 },
    })
    .then(() => createClient({ baseUrl: api.url, apiKey: ADMIN_KEY }).vms.get('writer'));
  const long = Array.from({ length: 600 }, (_, at) => line(`${at} ${'x'.repeat(16_000)}`, { vmId: parseId('vm', id) }));
  await api.logs.append(long);

  const response = await fetch(`${api.url}/novacron/v1/vms/${id}/logs?lines=10000`, {
    headers: { authorization: `Bearer ${ADMIN_KEY}` },
  });
  const text = await response.text();

  expect({ status: response.status, isBounded: text.length < 6 * 1024 * 1024 }).toEqual({
    status: 200,
    isBounded: true,
  });
  const { logs }: { readonly logs: readonly { readonly message: string }[] } = JSON.parse(text);
  const numbers = logs.map(({ message }) => Number(message.split(' ')[0])).filter((number) => !Number.isNaN(number));
  expect(numbers.length).toBeGreaterThan(200);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => 600 - numbers.length + at));
});

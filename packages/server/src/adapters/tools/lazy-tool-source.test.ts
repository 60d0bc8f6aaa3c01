import { expect, test } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import { createSimulatedTools } from '../drivers/simulated/simulated-tools.ts';
import { createLazyToolSource } from './lazy-tool-source.ts';

const options = { signal: new AbortController().signal };

test('is opened once, by whoever is first, and again after it could not be', async () => {
  let times = 0;
  const tools = createLazyToolSource(async () => {
    times += 1;
    if (times === 1) throw new VolaryError('invalid_argument', 'It is damaged.', { reason: 'tool.bad_catalogue' });
    return createSimulatedTools(() => 0);
  });
  expect(times).toBe(0);

  await expect(tools.list()).rejects.toMatchObject({ reason: 'tool.bad_catalogue' });
  const [entries, versions] = await Promise.all([tools.catalogue(), tools.versions('bun', options)]);

  expect(entries.map(({ name }) => name)).toContain('bun');
  expect(versions).toEqual(['1.2.3']);
  expect(times).toBe(2);
});

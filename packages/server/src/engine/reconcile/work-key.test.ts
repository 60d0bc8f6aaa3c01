import { randomUUIDv7 } from 'node:crypto';
import { expect, test } from 'vitest';
import { type IdPrefix, idFromUuid } from '../../domain/ids.ts';
import { type Workers, type WorkKey, workOn } from './work-key.ts';

const context = { signal: new AbortController().signal };
const newId = <Prefix extends IdPrefix>(prefix: Prefix) => idFromUuid(prefix, randomUUIDv7());

/** Workers that note what they were given. */
function noting(): { readonly workers: Workers; readonly noted: readonly string[] } {
  const noted: string[] = [];
  const by = (kind: string) => async (id: string) => void noted.push(`${kind}:${id}`);
  const workers: Workers = {
    vm: by('vm'),
    image: by('image'),
    tool: by('tool'),
    warm_template: by('warm_template'),
    template: by('template'),
    prune: by('prune'),
    batch: by('batch'),
    deployment: by('deployment'),
    workspace: by('workspace'),
    volume: by('volume'),
    snapshot: by('snapshot'),
  };
  return { workers, noted };
}

test('each key is worked on by those who do its kind of work', async () => {
  const { workers, noted } = noting();
  const operationId = newId('op');
  const keys: readonly WorkKey[] = [
    `vm:${newId('vm')}`,
    `image:${operationId}`,
    `tool:${operationId}`,
    `warm_template:${operationId}`,
    `template:${operationId}`,
    `prune:${operationId}`,
    `batch:${operationId}`,
    `deployment:${newId('dep')}`,
    `workspace:${newId('ws')}`,
    `volume:${newId('vol')}`,
    `snapshot:${newId('snap')}`,
  ];

  for (const key of keys) await workOn(workers, key, context);

  expect(noted).toEqual(keys);
});

test.each([
  '',
  'vm',
  'vm:',
  'vm:one',
  `vm:${newId('op')}`,
  `machine:${newId('vm')}`,
  `toString:${newId('vm')}`,
  `:${newId('vm')}`,
])('%j is no key', async (key) => {
  const { workers, noted } = noting();

  await expect(workOn(workers, key, context)).rejects.toThrow(RangeError);
  expect(noted).toEqual([]);
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cloudInitRequest } from './cloud-init-options.ts';

test('what cloud-init is given is read from files; what is not named is left out', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cloud-init-'));
  const userData = join(directory, 'user-data');
  await writeFile(userData, '#cloud-config\n');

  expect(await cloudInitRequest({})).toEqual({});
  expect(await cloudInitRequest({ userData })).toEqual({ cloud_init: { user_data: '#cloud-config\n' } });
  await expect(cloudInitRequest({ metaData: join(directory, 'none') })).rejects.toThrow('cannot be read');
  await rm(directory, { recursive: true });
});

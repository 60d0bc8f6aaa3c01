import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findNetworks } from './check-networks.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-doctor-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

it('says what networks of VMs lack, how that is mended, and takes none of it for a fault', async () => {
  const namespaces = join(directory, 'none');

  expect(await findNetworks({ PATH: directory }, { isRoot: false, namespaces })).toMatchObject({
    status: 'ok',
    detail: 'none: this user may make no network namespaces',
    fix: 'run the server as root',
  });
});

it('says what installations have on the host', async () => {
  for (const program of ['ip', 'nft', 'nsenter']) writeFileSync(join(directory, program), '', { mode: 0o755 });
  mkdirSync(join(directory, 'netns'));
  for (const name of ['volary-0123456789', 'other', 'volary-test-1']) writeFileSync(join(directory, 'netns', name), '');

  const { detail } = await findNetworks({ PATH: directory }, { isRoot: true, namespaces: join(directory, 'netns') });

  expect(detail).toMatch(/; on this host now: volary-0123456789$/);
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startServer } from '../server-process.ts';

/* A host on which QEMU is not installed: the server says so at once, and does all that needs none. */

test('a server without QEMU says what is missing, in its log and in the list of hosts', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fault-'));
  const dataDir = join(directory, 'data');
  const server = startServer({ dataDir, driver: 'qemu', searchPath: directory });
  try {
    const client = await server.ready();
    if (client === null) throw new Error(`the server ended at its start: ${await server.died}`);

    const { items } = await client.hosts.list();
    expect(items[0]).toMatchObject({ driver_version: '', accelerator: { kind: 'none' } });
    expect(items[0]?.accelerator.explanation).toContain('apt-get install');
    expect(readFileSync(`${dataDir}.log`, 'utf8')).toContain('no VM can be started on this host');
    expect((await client.vms.list()).items).toEqual([]);
  } finally {
    expect(await server.stop()).toBe('0');
    rmSync(directory, { recursive: true });
  }
});

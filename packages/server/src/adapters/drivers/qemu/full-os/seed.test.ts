import { randomUUIDv7 } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { idFromUuid } from '../../../../domain/ids.ts';
import type { CloudInit } from '../../../../domain/vm/cloud-init.ts';
import { SEED_AGENT, VENDOR_DATA } from './install-agent.ts';
import { type SeedContent, seedOf } from './seed.ts';

const AGENT = Buffer.from('the agent');
const NOTHING: CloudInit = { userData: null, metaData: null, networkConfig: null };

function content(change: Partial<SeedContent> = {}): SeedContent {
  const vmId = idFromUuid('vm', randomUUIDv7());
  return {
    vmId,
    name: 'bird',
    network: { mode: 'user', egress: 'deny' },
    place: null,
    cloudInit: null,
    agent: AGENT,
    ...change,
  };
}

/** The files of a Joliet volume, as `lib/iso9660.test.ts` reads them. */
async function filesOf(seed: SeedContent): Promise<Readonly<Record<string, string>>> {
  const bytes = Buffer.from(await seedOf(seed));
  const files: Record<string, string> = {};
  const root = bytes.readUInt32LE(17 * 2048 + 156 + 2) * 2048;
  for (let at = root; bytes[at] !== 0; at += bytes[at] ?? 0) {
    if (((bytes[at + 25] ?? 0) & 2) !== 0) continue;
    const name = Buffer.from(bytes.subarray(at + 33, at + 33 + (bytes[at + 32] ?? 0)))
      .swap16()
      .toString('utf16le');
    const start = bytes.readUInt32LE(at + 2) * 2048;
    files[name] = bytes.toString('utf8', start, start + bytes.readUInt32LE(at + 10));
  }
  return files;
}

describe('the seed of a whole system', () => {
  it('says who it is, and brings the agent, where nothing is asked of cloud-init', async () => {
    const seed = content();
    const files = await filesOf(seed);

    expect(JSON.parse(files['meta-data'] ?? '')).toEqual({ 'instance-id': seed.vmId, 'local-hostname': 'bird' });
    expect(files['user-data']).toMatch(/^#cloud-config\n/);
    expect(files['vendor-data']).toBe(VENDOR_DATA);
    expect(files[SEED_AGENT]).toBe('the agent');
    expect(JSON.parse(files['network-config'] ?? '')).toMatchObject({
      version: 2,
      ethernets: { nic0: { addresses: ['10.0.2.15/24'], match: { macaddress: expect.stringMatching(/^52:54:00:/) } } },
    });
  });

  it('has the texts as they were given', async () => {
    const cloudInit = { ...NOTHING, userData: '#!/bin/sh\necho ä\n', networkConfig: 'version: 2\n' };
    const files = await filesOf(content({ cloudInit }));

    expect(files['user-data']).toBe(cloudInit.userData);
    expect(files['network-config']).toBe('version: 2\n');
  });

  it('adds what is asked for to what it says of the machine, and lets it count', async () => {
    const metaData = 'local-hostname: other\nrole: web\n';
    const seed = content({ cloudInit: { ...NOTHING, metaData } });

    const told: unknown = JSON.parse((await filesOf(seed))['meta-data'] ?? '');
    expect(told).toEqual({ 'instance-id': seed.vmId, 'local-hostname': 'other', role: 'web' });
  });

  it('leaves a machine without a card alone', async () => {
    const files = await filesOf(content({ network: { mode: 'none', egress: 'deny' } }));

    expect(JSON.parse(files['network-config'] ?? '')).toEqual({ config: 'disabled' });
  });

  it('is the same for the same machine', async () => {
    const seed = content();

    expect(await seedOf(seed)).toEqual(await seedOf(seed));
  });
});

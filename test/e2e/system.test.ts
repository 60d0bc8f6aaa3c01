import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'web']);
  await here.must(['snapshot', 'create', 'web', 'then']);
});
afterAll(() => here.remove());

describe('volary system', () => {
  it('shows what takes room, and what needs it', async () => {
    expect(await here.must(['system', 'df'])).toMatch(/^KIND +COUNT +SIZE +RECLAIMABLE\nimages +1 /);
    expect(await here.must(['system', 'df', '-v'])).toMatch(/images +base .*recipe base, vm web, snapshot then/);
    const { items } = JSON.parse(await here.must(['system', 'df', '--json']));

    expect(items.map(({ kind, count }: { kind: string; count: number }) => [kind, count])).toEqual([
      ['images', 1],
      ['disks', 1],
      ['snapshots', 1],
      ['volumes', 0],
      ['warm_templates', 0],
      ['tools', 0],
      ['leftovers', 0],
    ]);
  });

  it('removes nothing that is needed', async () => {
    const kinds = ['images', 'disks', 'snapshots', 'warm-templates', 'tools', 'leftovers'];
    expect(await here.must(['system', 'prune', ...kinds])).toBe('freed 0 B');
    expect(JSON.parse(await here.must(['system', 'prune', '--dry-run', '--json']))).toEqual({
      kinds: ['images', 'warm_templates', 'tools', 'leftovers'],
      dry_run: true,
      items: [],
      freed_bytes: 0,
    });
    expect(await here.volary(['system', 'prune', 'everything'])).toMatchObject({ code: 2 });

    const refused = await here.volary(['image', 'rm', 'base']);
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('vm web, snapshot then') });
    expect(await here.must(['restore', 'web', 'then'])).toBe('web');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Warm templates by the command line, on simulated machines. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  const env = { VOLARY_WARM_TEMPLATES: 'on', VOLARY_WARM_POOL_COUNT: '0' };
  await here.must(['up', '--detach', '--no-vm'], { env });
});
afterAll(() => here.remove());

describe('volary template warm', () => {
  it('makes one, once, from which the first VM of its kind begins', async () => {
    const key = await here.must(['template', 'warm', 'build', '--memory', '1g', '--vcpus', '2']);
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    const again = JSON.parse(
      await here.must(['template', 'warm', 'build', '--memory', '1g', '--vcpus', '2', '--json']),
    );
    expect(again).toEqual({ key, image: 'base', vcpus: 2, memory_mib: 1024, disk_gib: 8, network_mode: 'user' });

    await here.must(['create', 'web', '--memory', '1g', '--vcpus', '2', '--warm', 'require']);

    const table = await here.must(['template', 'warm', 'ls']);
    expect(table).toMatch(/^KEY +IMAGE +VCPUS +MEMORY +DISK +SIZE +WAITING +IN USE +AGE +LAST USED +STATE\n/);
    expect(table).toMatch(new RegExp(`^${key} +base +2 +1024 MiB +8 GiB .* usable *$`, 'm'));
    const { items } = JSON.parse(await here.must(['template', 'warm', 'ls', '--json']));
    expect(items).toMatchObject([{ key, is_usable: true, unusable_because: null, spare_count: 0, used_by: [] }]);
    expect(await here.must(['template', 'warm', 'ls', '-q'])).toBe(key);
  });

  it('removes one, and says which is not there', async () => {
    const key = await here.must(['template', 'warm', 'build', '--network', 'none', '--disk', '9']);
    const other = '0'.repeat(32);

    const removal = await here.volary(['template', 'warm', 'rm', key, other]);

    expect(removal).toMatchObject({ code: 3, stdout: `${key}\n`, stderr: expect.stringContaining(other) });
    expect(await here.must(['template', 'warm', 'ls', '-q'])).not.toContain(key);
    const refused = await here.volary(['create', 'late', '--network', 'none', '--disk', '9', '--warm', 'require']);
    expect(refused).toMatchObject({ code: 4, stderr: expect.stringContaining('no warm template') });
  });

  it('refuses what no VM could be', async () => {
    expect(await here.volary(['template', 'warm', 'build', '--image', 'none'])).toMatchObject({ code: 2 });
    expect(await here.volary(['template', 'warm', 'build', '--memory', 'much'])).toMatchObject({ code: 2 });
  });
});

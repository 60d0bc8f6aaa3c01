import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* cloud-init in a VM that boots our way, from a template, with a real guest: its stages are emulated Python, so that one VM serves for all. */

const OVER_MS = 600_000;
const USER_DATA = `#cloud-config
users:
  - name: ada
    shell: /bin/sh
write_files:
  - path: /etc/told.txt
    content: |
      by cloud-init
    permissions: "0644"
bootcmd:
  - echo boot >> /var/log/boots
runcmd:
  - echo once >> /var/log/runs
hostname: lovelace
manage_etc_hosts: true
timezone: Europe/Berlin
packages:
  - hello
ntp:
  enabled: true
`;
const MANIFEST = {
  name: 'cloudy',
  version: '1.0.0',
  resources: { memory_mib: 256 },
  cloud_init: { user_data: USER_DATA, meta_data: 'role: test\n' },
  // Neither the user nor the file is there before cloud-init.
  workload: { type: 'daemon', command: 'whoami; cat /etc/told.txt; sleep infinity', user: 'ada' },
};

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

interface Seen {
  readonly incarnation: number;
  readonly cloud_init_status: {
    readonly state: string;
    readonly execution_id: string;
    readonly errors: readonly string[];
    readonly completed_at: string | null;
  };
}

/** The VM when its cloud-init is over in this life of it. */
async function untilOver(incarnation: number, vm = 'web'): Promise<Seen> {
  for (const end = performance.now() + OVER_MS; performance.now() < end; ) {
    const seen: Seen = JSON.parse(await here.must(['get', vm, '--json']));
    if (seen.incarnation === incarnation && seen.cloud_init_status.completed_at !== null) return seen;
    await here.volary(['events', '--vm', vm, '--limit', '1']);
  }
  throw new Error(await here.must(['get', vm]));
}

const inside = (script: string): Promise<string> => here.must(['exec', 'web', '--', 'sh', '-c', script]);

it(
  'does what it is told before the workload begins, tells what failed, and does none of it again after a restart',
  async () => {
    const path = join(here.directory, 'cloudy.json');
    writeFileSync(path, JSON.stringify(MANIFEST));
    await here.must(['template', 'create', path]);
    await here.must(['create', 'web', '--template', 'cloudy']);

    const { cloud_init_status: first } = await untilOver(1);
    expect
      .soft(
        await inside(
          'id -un ada; cat /etc/told.txt /var/log/boots /var/log/runs; hostname; cat /etc/timezone; grep -c lovelace /etc/hosts',
        ),
      )
      .toBe('ada\nby cloud-init\nboot\nonce\nlovelace\nEurope/Berlin\n1');
    // Nobody outside can be reached: what packages came to is told, as what has no sense here is.
    expect.soft(first).toMatchObject({ state: 'error' });
    expect.soft(first.errors.join('\n')).toMatch(/package-update-upgrade-install[\s\S]*ntp does nothing/);
    expect.soft(await here.must(['logs', first.execution_id])).toContain('cloud-init modules --mode=final');
    expect
      .soft(await inside('cloud-init query ds.meta_data.role; cloud-init status | head -n 1'))
      .toBe('test\nstatus: error');
    expect.soft(await inside('command -v python3 || echo none')).toBe('none');
    expect.soft(await here.must(['logs', 'web', '--workload'])).toBe('ada\nby cloud-init');

    // Whoever goes on from it has it all, and does none of it: it is asked, and answers at once.
    await here.must(['fork', 'web', 'twin']);
    const { cloud_init_status: twins } = await untilOver(1, 'twin');
    expect.soft(twins).toMatchObject({ state: 'error', errors: first.errors });
    expect.soft(await here.must(['exec', 'twin', '--', 'cat', '/var/log/boots', '/var/log/runs'])).toBe('boot\nonce');
    await here.must(['rm', 'twin']);

    await here.must(['restart', 'web']);
    const { cloud_init_status: second } = await untilOver(2);
    expect.soft(second).toMatchObject({ state: 'degraded', errors: [expect.stringContaining('ntp')] });
    expect.soft(await inside('cat /var/log/boots /var/log/runs; hostname')).toBe('boot\nboot\nonce\nlovelace');
  },
  3 * OVER_MS,
);

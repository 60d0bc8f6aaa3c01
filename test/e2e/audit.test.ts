import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(async () => {
  await here.remove();
});

describe('volary audit', () => {
  it('shows what was done, by whom, and what was refused', async () => {
    await here.must(['create', 'web']);
    await here.volary(['create', 'web']);
    await here.must(['rm', 'web']);

    const listed = await here.must(['audit', 'ls', '--target', 'web']);
    expect(listed).toMatch(/TIME +WHO +FROM +ACTION +TARGET +RESULT/);
    expect(listed).toMatch(/admin +127\.0\.0\.1 +vm\.delete +web +ok/);
    const { items } = JSON.parse(await here.must(['audit', 'ls', '--result', 'refused', '--since', '1h', '--json']));
    expect(items).toMatchObject([{ principal: 'admin', action: 'vm.create', reason: 'vm.name_taken' }]);
  });

  it('exports it, oldest first, a line an entry', async () => {
    const lines = (await here.must(['audit', 'export', '--target', 'web', '--result', 'ok'])).split('\n');

    expect(lines.map((line) => JSON.parse(line).action)).toEqual(['vm.create', 'vm.delete']);
  });

  it('refuses a moment that is none', async () => {
    const refused = await here.volary(['audit', 'ls', '--since', 'yesterday']);

    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('It is a moment') });
  });
});

describe('a quota', () => {
  it('is shown, and refuses with the figures and with what to do', async () => {
    await here.must(['create', 'one', '--no-wait']);
    expect(JSON.parse(await here.must(['quota', '--json']))).toMatchObject({ limits: { vms: null }, used: { vms: 1 } });
    const { url } = JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
    const authorization = `Bearer ${readFileSync(join(here.dataDir, 'admin.key'), 'utf8').trim()}`;
    const answer = await fetch(`${url}/v1/users/admin`, {
      method: 'PATCH',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ quota: { vms: 1 } }),
    });
    expect(answer.status).toBe(200);

    const refused = await here.volary(['create', 'two']);

    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('admin may have 1 VMs, and has 1; this takes 1 more.');
    expect(refused.stderr).toContain('volary quota');
    expect(await here.must(['quota'])).toMatch(/VMs +1 +1/);
    expect(await here.must(['audit', 'ls', '--result', 'refused'])).toContain('quota.exceeded');
  });
});

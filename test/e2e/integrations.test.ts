import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* What whoever runs the server sees of its integrations. With simulated VMs: none of them matters. */

const SECRET = 'sh-never-shown';

let here: Installation;
beforeAll(() => {
  here = createInstallation('simulated', {
    VOLARY_LISTEN: '127.0.0.1:0,aetherium=127.0.0.1:0',
    VOLARY_DOCKER_SOCKET: 'off',
    GITHUB_WEBHOOK_SECRET: SECRET,
  });
});
afterAll(() => here.remove());

it('are listed with what each takes and sends, and doctor tells of those that are connected', async () => {
  await here.must(['up', '--detach', '--no-vm']);

  expect((await here.must(['integration', 'ls'])).split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
    ['NAME', 'STATUS', 'TAKES', 'SENDS', 'LAST DELIVERY', 'WHY'],
    ['github', 'ok', 'yes', 'no', '-', 'takes what is sent to it, and has no token to send with'],
    ['slack', 'disabled', 'no', 'no', '-', '-'],
    ['discord', 'disabled', 'no', 'no', '-', '-'],
  ]);
  const { checks }: { checks: { id: string; status: string }[] } = JSON.parse(
    (await here.volary(['doctor', '--json'])).stdout,
  );
  expect(checks.filter(({ id }) => ['github', 'slack', 'discord'].includes(id))).toMatchObject([
    { id: 'github', status: 'ok' },
  ]);
});

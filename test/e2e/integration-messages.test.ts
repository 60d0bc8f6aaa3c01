import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../../packages/server/src/api/testing/run-server.ts';
import { startVendors, type Vendors } from '../../packages/server/src/api/v1/testing/vendors.test-kit.ts';
import { type Outcome, runToEnd, VOLARY } from './installation.ts';

/* What is sent to GitHub, Slack and Discord from the command line. With simulated VMs: none of them matters. */

const CHANNEL = 'slack:C0123456789';
let vendors: Vendors;
let server: RunningServer;
beforeAll(async () => {
  vendors = await startVendors();
  server = await runServer({}, vendors.flags);
});
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await vendors?.[Symbol.asyncDispose]();
});

async function volary(args: readonly string[], input?: string): Promise<Outcome> {
  const { url, dataDir } = server;
  // Neither the login of whoever runs the tests, nor a server of theirs.
  const own = { VOLARY_URL: url, VOLARY_ADMIN_KEY: ADMIN_KEY, VOLARY_CONFIG_DIR: dataDir, VOLARY_DATA_DIR: dataDir };
  const env = { ...process.env, ...own };
  return await runToEnd([VOLARY, ...args], { env, ...(input === undefined ? {} : { input }) });
}

async function must(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await volary(args, input);
  expect(code, stderr).toBe(0);
  return stdout.trimEnd();
}

describe('volary integration', () => {
  it('sends messages and comments, and opens pull requests', async () => {
    expect(await must(['integration', 'send', CHANNEL, '*It runs.*'])).toBe('1700000000.000001');
    expect(await must(['integration', 'send', 'discord:123456789012345678', '-'], 'Piped')).toBe('1000');
    const request = ['acme/web', '--title', 'Feature', '--head', 'feature', '--base', 'main', '--draft'];
    const url = await must(['integration', 'pull-request', ...request]);
    const comment = JSON.parse(await must(['integration', 'send', 'github:acme/web#8', 'Hi', '--json']));

    expect(url).toBe('https://github.example/acme/web/pull/8');
    expect(comment).toEqual({ id: '1', url: 'https://github.example/acme/web/issues/8#issuecomment-1' });
    expect(vendors.slack.messages.at(-1)?.text).toBe('*It runs.*');
    expect(vendors.discord.messages.at(-1)?.content).toBe('Piped');
    expect(vendors.github.pulls).toMatchObject([{ title: 'Feature', draft: true }]);
  });

  it('says what the other side has against it', async () => {
    const refused = await volary(['integration', 'send', 'slack:C9', 'x']);

    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('Slack has refused it: channel_not_found.');
  });
});

describe('volary webhook --to', () => {
  it('has people told, and lists what was given up of all webhooks', async () => {
    const id = await must(['webhook', 'create', '--to', CHANNEL, '--type', 'vm.created']);
    await must(['create', 'web', '--no-wait']);
    await expect.poll(() => vendors.slack.messages.at(-1)?.text).toBe('VM web was created.');
    const wrong = await must(['webhook', 'create', '--to', 'slack:C9', '--disabled']);
    const tested = await volary(['webhook', 'test', wrong]);
    const dead = await must(['webhook', 'deliveries', '--state', 'dead']);

    expect(await must(['webhook', 'ls'])).toContain(CHANNEL);
    expect(await must(['webhook', 'get', id])).toMatch(/to +slack:C0123456789/);
    expect(tested).toMatchObject({ code: 1, stdout: expect.stringContaining('channel_not_found') });
    expect(dead).toContain(wrong);
    expect(dead).toContain('channel_not_found');
  });
});

import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Receiver, startReceiver, withStatus } from '../../packages/server/src/lib/testing/http-receiver.ts';
import { createInstallation, type Installation } from './installation.ts';

let here: Installation;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm'], { env: { VOLARY_WEBHOOK_ALLOWED_TARGETS: '127.0.0.1' } });
});
afterAll(async () => {
  await here.remove();
  await receiver[Symbol.asyncDispose]();
});

describe('volary webhook', () => {
  it('has events sent, shows what did not arrive, and sends it again', async () => {
    const [id = '', secret = ''] = (await here.must(['webhook', 'create', receiver.url, '--type', 'vm.created'])).split(
      '\n',
    );
    await here.must(['create', 'web', '--no-wait']);
    const [told] = await receiver.count(1);
    const mac = createHmac('sha256', secret).update(`${String(told?.headers['volary-timestamp'])}.${told?.body}`);
    expect(told?.headers['volary-signature']).toBe(`v1=${mac.digest('hex')}`);

    receiver.answer = withStatus(500, {}, 'out of order');
    const failed = await here.volary(['webhook', 'test', id]);
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('out of order') });
    const listed = JSON.parse(await here.must(['webhook', 'deliveries', id, '--state', 'dead', '--json']));
    expect(listed.items).toMatchObject([{ kind: 'test', state: 'dead', last_try: { status: 500 } }]);

    receiver.answer = withStatus(204);
    expect(await here.must(['webhook', 'replay', id, '--delivery', listed.items[0].id])).toBe(id);
    await receiver.count(3);
    expect(await here.must(['webhook', 'test', id])).toContain('delivered');
    expect(await here.must(['webhook', 'ls'])).toContain(id);
  });

  it('changes one, shows it, and removes it', async () => {
    const file = join(here.directory, 'secret');
    writeFileSync(file, 'a-secret-of-my-own\n');
    const made = await here.must(['webhook', 'create', receiver.url, '--secret-file', file, '--disabled', '--json']);
    const { id, secret } = JSON.parse(made);
    const rotated = JSON.parse(await here.must(['webhook', 'update', id, '--rotate-secret', '--json']));
    const shown = JSON.parse(await here.must(['webhook', 'get', id, '--json']));

    expect(secret).toBeNull();
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(shown).toMatchObject({ id, is_enabled: false, secret_count: 2, types: null });
    expect(await here.must(['webhook', 'get', id])).toMatch(/state +disabled/);
    expect(await here.must(['webhook', 'rm', id])).toBe(id);
    expect(await here.volary(['webhook', 'get', id])).toMatchObject({ code: 3 });
  });

  it('refuses what leads into the network of the server, with a hint', async () => {
    const refused = await here.volary(['webhook', 'create', 'http://169.254.169.254/latest']);

    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('not on the public internet');
    expect(refused.stderr).toContain('--webhook-allowed-targets');
  });
});

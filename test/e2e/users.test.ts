import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, VOLARY } from './installation.ts';
import { openTerminal } from './terminal.ts';

/* Accounts and keys by the command line, on a server of its own. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

/** The key that `volary keys create` has printed below its id. */
async function makeKey(...args: readonly string[]): Promise<{ readonly id: string; readonly key: string }> {
  const [id = '', key = ''] = (await here.must(['keys', 'create', 'test', ...args])).split('\n');
  return { id, key };
}

describe('the first server on a terminal', () => {
  it('shows the administrator’s key and password, once', async () => {
    const own = createInstallation('simulated');
    await using _ = { [Symbol.asyncDispose]: () => own.remove() };
    const serve = `'${VOLARY}' serve --driver simulated --listen 127.0.0.1:0; echo "ended $?"`;
    {
      await using terminal = openTerminal(serve, own.env);
      await terminal.shows(/admin key, shown this once \(kept in admin.key\): vk_[\w-]{43}\r/);
      await terminal.shows(/password of admin \(admin@localhost\), shown this once and not kept: [\w-]{20}\r/);
      terminal.type('\x03');
      await terminal.shows(/ended 0/);
    }
    await using again = openTerminal(serve, own.env);
    await again.shows(/"listening"/);
    again.type('\x03');
    const [shown] = await again.shows(/[\s\S]*ended 0/);

    expect(shown).not.toContain('shown this once');
  });
});

describe('volary whoami', () => {
  it('says that the key of this machine is the administrator’s', async () => {
    const me = JSON.parse(await here.must(['whoami', '--json']));

    expect(me).toMatchObject({ user: { name: 'admin', roles: ['admin'] }, credential: { kind: 'admin_key' } });
    expect(await here.must(['whoami'])).toMatch(/^user +admin$/m);
  });
});

describe('volary users', () => {
  it('makes, shows, changes and deletes', async () => {
    await here.must(['users', 'create', 'ann', '--email', 'ann@example.com', '--role', 'viewer', '--quota', 'vms=4']);
    expect(await here.must(['users', 'show', 'ann'])).toMatch(/^quota +vms=4$/m);
    expect(await here.must(['users', 'ls'])).toMatch(/^ann +active +viewer +ann@example.com/m);

    await here.must(['users', 'update', 'ann', '--disable', '--email', 'none']);
    expect(JSON.parse(await here.must(['users', 'show', 'ann', '--json']))).toMatchObject({
      state: 'disabled',
      email: null,
    });

    await here.must(['users', 'rm', 'ann']);
    expect(await here.must(['users', 'ls'])).not.toContain('ann');
    expect(await here.must(['users', 'ls', '--all'])).toMatch(/^ann +deleted/m);
    expect(await here.volary(['users', 'create', 'ann'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('once'),
    });
  });

  it('labels users, roles and keys, and lists them by selectors', async () => {
    await here.must(['users', 'create', 'lara', '--label', 'team=blue']);
    await here.must(['roles', 'create', 'labelled', '--permission', 'vm:read', '--label', 'team=blue']);
    const { id } = await makeKey('--label', 'team=blue');
    const listed = async (what: string, selector: string) =>
      JSON.parse(await here.must([what, 'ls', '--selector', selector, '--json'])).items.map(
        (each: { readonly labels: object }) => each.labels,
      );

    for (const what of ['users', 'roles', 'keys']) expect(await listed(what, 'team=blue')).toEqual([{ team: 'blue' }]);
    await here.must(['users', 'update', 'lara', '--label', 'team=red']);
    expect(await here.must(['users', 'show', 'lara'])).toMatch(/^labels +team=red$/m);
    await here.must(['keys', 'update', id, '--name', 'renamed', '--label', 'team=red']);
    expect(await here.must(['keys', 'ls', '--selector', 'team in (red)'])).toMatch(new RegExp(`^${id} +renamed `, 'm'));
    expect(await here.volary(['keys', 'update', id])).toMatchObject({ code: 2 });

    const gone = await here.volary(['keys', 'rm', 'key_00000000000000000000000000', id, '--json']);
    expect(gone).toMatchObject({ code: 3, stderr: expect.stringContaining('api_key.unknown') });
    expect(JSON.parse(gone.stdout)).toEqual({ removed: [id] });
    await here.must(['roles', 'rm', 'labelled']);
  });

  it('takes a password that is piped in, or typed twice where nothing shows it, and no weak one', async () => {
    await here.must(['users', 'create', 'bob']);
    await here.must(['users', 'passwd', 'bob'], { input: 'brisk umbrella 7\n' });
    expect(await here.must(['users', 'show', 'bob'])).toMatch(/^password +set$/m);
    const weak = await here.volary(['users', 'passwd', 'bob', '--json'], { input: 'password1234\n' });
    expect(JSON.parse(weak.stderr).error).toMatchObject({ reason: 'user.weak_password' });
    expect((await here.volary(['users', 'passwd', 'bob'], { input: '' })).code).toBe(2);
  });

  it('asks for a password twice, on a terminal that does not show it', async () => {
    const { updated_at: before } = JSON.parse(await here.must(['users', 'create', 'tess', '--json']));
    await using terminal = openTerminal(`'${VOLARY}' users passwd tess; echo "ended $?"`, here.env);

    await terminal.shows(/New password of tess: $/);
    terminal.type('typed umbrella 9\r');
    await terminal.shows(/Once more: $/);
    terminal.type('typed umbrella 9\r');
    const [shown] = await terminal.shows(/[\s\S]*ended 0/);

    expect(shown).not.toContain('umbrella');
    const after = JSON.parse(await here.must(['users', 'show', 'tess', '--json']));
    expect(after).toMatchObject({ has_password: true });
    expect(after.updated_at).not.toBe(before);
  });
});

describe('a key that volary made', () => {
  it('lets a viewer look and nothing more, and is refused when it is revoked', async () => {
    await here.must(['users', 'create', 'vera', '--role', 'viewer']);
    const { id, key } = await makeKey('--owner', 'vera', '--expires', '1d');
    await here.must(['create', 'seen', '--no-wait']);

    expect(await here.must(['ls', '--key', key])).toContain('seen');
    const refused = await here.volary(['create', 'mine', '--key', key, '--json']);
    expect(JSON.parse(refused.stderr).error).toMatchObject({
      reason: 'access.denied',
      details: { required_permission: 'vm:create' },
    });
    expect(await here.must(['keys', 'ls'])).toContain(id);
    expect(await here.must(['keys', 'ls'])).not.toContain(key.slice(12));

    await here.must(['keys', 'rm', id]);
    const after = await here.volary(['ls', '--key', key, '--json']);
    expect(JSON.parse(after.stderr).error).toMatchObject({ reason: 'auth.key_invalid', status: 401 });
  });

  it('sees its own alone, where its user is a member', async () => {
    await here.must(['users', 'create', 'mona']);
    const { key } = await makeKey('--owner', 'mona');
    await here.must(['create', 'hers', '--no-wait', '--key', key]);

    expect(await here.must(['ls', '--key', key])).toContain('hers');
    expect(await here.must(['ls', '--key', key])).not.toContain('seen');
    expect((await here.volary(['get', 'seen', '--key', key])).code).toBe(3);
    expect(await here.volary(['users', 'rm', 'mona'])).toMatchObject({ stderr: expect.stringContaining('vms: 1') });
  });
});

describe('volary roles', () => {
  it('makes roles, gives them, and keeps those that somebody has', async () => {
    await here.must(['roles', 'create', 'builder', '--permission', 'image:*,vm:read']);
    await here.must(['users', 'create', 'bill', '--role', 'builder']);
    expect(await here.must(['roles', 'ls'])).toMatch(/^builder +custom +image:\*,vm:read/m);
    const { key } = await makeKey('--owner', 'bill');
    expect(JSON.parse(await here.must(['whoami', '--json', '--key', key])).permissions).toContain('image:build');

    expect(await here.volary(['roles', 'rm', 'builder'])).toMatchObject({ stderr: expect.stringContaining('bill') });
    await here.must(['users', 'rm', 'bill']);
    await here.must(['roles', 'rm', 'builder']);
  });
});

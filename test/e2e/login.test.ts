import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TOTP } from 'otpauth';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';
import { openTerminal } from './terminal.ts';

/* People who log in, on a terminal and by pipes, against a real server. */

const PASSWORD = 'brisk umbrella 7';

let here: Installation;
let logins: string;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
  logins = join(here.directory, 'config/logins.json');
});
afterAll(() => here.remove());

let made = 0;

/** Makes a user with this password, by the administrator's key. */
async function addUser(roles: readonly string[] = ['member']): Promise<string> {
  const name = `person-${made++}`;
  const { url } = JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
  const key = readFileSync(join(here.dataDir, 'admin.key'), 'utf8').trim();
  const answer = await fetch(`${url}/v1/users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name, email: `${name}@example.org`, password: PASSWORD, roles }),
  });
  expect(answer.status).toBe(201);
  return name;
}

/** The one login that is kept, to be looked at and changed. */
function kept(): { readonly all: Record<string, Record<string, unknown>>; readonly login: Record<string, unknown> } {
  const all = JSON.parse(readFileSync(logins, 'utf8'));
  return { all, login: Object.values<Record<string, unknown>>(all)[0] ?? {} };
}

describe('volary login', () => {
  it('by pipes makes later commands the user’s, until logout', async () => {
    const name = await addUser(['viewer']);
    const { stderr, code } = await here.volary(['login', '--email', `${name}@example.org`], { input: `${PASSWORD}\n` });
    expect([code, stderr]).toEqual([0, expect.stringContaining(`as ${name}.`)]);
    expect(statSync(logins).mode & 0o777).toBe(0o600);
    expect(readFileSync(logins, 'utf8')).not.toContain(PASSWORD);

    const refused = await here.volary(['create', 'not-mine', '--json']);
    expect(JSON.parse(refused.stderr).error).toMatchObject({
      reason: 'access.denied',
      details: { required_permission: 'vm:create' },
    });
    expect(JSON.parse(await here.must(['sessions', 'ls', '--json'])).items).toMatchObject([
      { owner: name, is_current: true, user_agent: expect.stringMatching(/^volary \(.+\)$/) },
    ]);
    await here.must(['logout']);

    expect(kept().all).toEqual({});
    await here.must(['create', 'mine', '--no-start']);
    await here.must(['rm', 'mine']);
    expect(await here.volary(['logout'])).toMatchObject({ code: 4 });
  });

  it('says the same of a wrong password as of an unknown user, and keeps nothing', async () => {
    const name = await addUser();
    const known = await here.volary(['login', '--name', name], { input: 'a wrong password\n' });
    const unknown = await here.volary(['login', '--name', 'nobody-here'], { input: 'a wrong password\n' });

    expect(known).toMatchObject({ code: 5, stderr: expect.stringContaining('no active user') });
    expect(unknown.stderr).toBe(known.stderr);
    expect(await here.volary(['logout'])).toMatchObject({ code: 4 });
  });

  it('on a terminal asks for the password without showing it, and for a code of the enrolled factor', async () => {
    const name = await addUser();
    await using terminal = openTerminal(
      `'${'$'}VOLARY' login; '${'$'}VOLARY' mfa enrol; '${'$'}VOLARY' logout; '${'$'}VOLARY' login --name ${name}; '${'$'}VOLARY' logout; echo e""nd`.replaceAll(
        "'$VOLARY'",
        `'${join(import.meta.dirname, '../../volary')}'`,
      ),
      here.env,
    );

    await terminal.shows(/user name: /);
    terminal.type(`${name}x\x7f\r`);
    await terminal.shows(/Password: /);
    terminal.type(`${PASSWORD}\r`);
    const [before] = await terminal.shows(/Logged in to \S+ as \S+\./);
    const [, secret = ''] = await terminal.shows(/secret {2}([A-Z2-7]{32})/);
    await terminal.shows(/shows: /);
    // The code of before: the next login has one that was not used.
    const totp = new TOTP({ secret });
    terminal.type(`${totp.generate({ timestamp: Date.now() - 30_000 })}\r`);
    await terminal.shows(/Recovery codes[^\n]*\n(?:[a-z2-7-]{19}\s+){10}/);
    await terminal.shows(/Logged out/);
    await terminal.shows(/Password: /);
    terminal.type(`${PASSWORD}\r`);
    await terminal.shows(/One-time code: /);
    terminal.type('000000\r');
    await terminal.shows(/The next one: /);
    terminal.type(`${totp.generate()}\r`);
    await terminal.shows(/Logged in to \S+ as \S+\./);
    await terminal.shows(/Logged out[\s\S]*end/);
    expect(before).not.toContain(PASSWORD);
  });

  it('renews its tokens by itself, once for commands that need it at the same time', async () => {
    const name = await addUser();
    await here.must(['login', '--name', name], { input: `${PASSWORD}\n` });
    const { all, login } = kept();
    const [url = ''] = Object.keys(all);
    writeFileSync(logins, JSON.stringify({ [url]: { ...login, expires_at: 0 } }));

    const answers = await Promise.all([1, 2, 3].map(() => here.volary(['ls'])));

    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(kept().login['refresh_token']).not.toBe(login['refresh_token']);
    expect(kept().login['expires_at']).toBeGreaterThan(Date.now());
    await here.must(['logout']);
  });

  it('that was copied and used elsewhere ends, and it is told what to do', async () => {
    const name = await addUser();
    await here.must(['login', '--name', name], { input: `${PASSWORD}\n` });
    const { all, login } = kept();
    const [url = ''] = Object.keys(all);
    const stale = { [url]: { ...login, expires_at: 0 } };
    writeFileSync(logins, JSON.stringify(stale));
    await here.must(['ls']);
    writeFileSync(logins, JSON.stringify(stale));

    const { code, stderr } = await here.volary(['ls']);

    expect([code, stderr]).toEqual([5, expect.stringContaining('used before')]);
    expect(stderr).toContain('volary login');
    await here.must(['logout']);
  });

  it('changes the password, and ends the other logins', async () => {
    const name = await addUser();
    await here.must(['login', '--name', name], { input: `${PASSWORD}\n` });
    const { all } = kept();
    await here.must(['login', '--name', name], { input: `${PASSWORD}\n` });
    await here.must(['passwd'], { input: `${PASSWORD}\nanother umbrella 8\n` });

    await here.must(['ls']);
    writeFileSync(logins, JSON.stringify(all));
    expect(await here.volary(['ls'])).toMatchObject({ code: 5, stderr: expect.stringContaining('ended') });
    await here.must(['logout']);
    await here.must(['login', '--name', name], { input: 'another umbrella 8\n' });
    await here.must(['logout']);
  });
});

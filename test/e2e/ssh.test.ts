import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';
import { openTerminal } from './terminal.ts';

/* Logging in to a VM that has no network: a shell on a real terminal, and lines for it. */

const VM = join(VOLARY, '../vm');

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['create', 'first', '--network', 'none']);
});
afterAll(() => here.remove());

/** Around a session: says when the terminal is as it was before. */
const session = (command: string) => `
before=$(stty -g)
${command}
echo "code $?"
[ "$before" = "$(stty -g)" ] && echo "set back"
`;

/** Kills the server. Returns what has another one listen where it did. */
function killServer(): Readonly<Record<string, string>> {
  const { url } = JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
  process.kill(Number(readFileSync(join(here.dataDir, 'server.pid'), 'utf8')), 'SIGKILL');
  return { VOLARY_LISTEN: new URL(url).host };
}

describe('a login shell', () => {
  it('is on a terminal of our size, follows it, has the exit code, and gives our terminal back', async () => {
    await using terminal = openTerminal(`tty; stty rows 33 cols 101; ${session(`'${VOLARY}' ssh first`)}`, here.env);
    const [tty] = await terminal.shows(/\/dev\/pts\/\d+/);

    await terminal.shows(/# $/);
    terminal.type('shopt -q login_shell && echo log""in; stty size; echo "$HOME $TERM"\r');
    await terminal.shows(/login\s+33 101\s+\/root xterm/);
    await runToEnd(['stty', '-F', tty, 'rows', '40', 'cols', '120'], { env: here.env });
    terminal.type('while [ "$(stty size)" != "40 120" ]; do :; done; echo it fol""lows\r');
    await terminal.shows(/it follows/);
    terminal.type('exit 5\r');
    await terminal.shows(/code 5\s+set back/);
  });

  it('is hung up when it is left with ~.', async () => {
    await using terminal = openTerminal(session(`'${VM}' ssh first`), here.env);

    await terminal.shows(/# $/);
    terminal.type('echo $$ >/tmp/pid; sleep 1000\r');
    await here.must(['ssh', '-n', 'first', '--', 'until pgrep -x sleep; do :; done']);
    terminal.type('\r~.');
    await terminal.shows(/You left the session\.[\s\S]*code 125\s+set back/);

    const isGone = 'while kill -0 $(cat /tmp/pid) 2>/dev/null || pgrep -x sleep >/dev/null; do :; done; echo gone';
    expect(await here.must(['ssh', '-n', 'first', '--', isGone])).toBe('gone');
  });

  it.each([
    ['SIGHUP', 129],
    ['SIGTERM', 143],
  ] as const)('is over after our %s, with the terminal set back', async (signal, code) => {
    // An interactive shell ignores SIGTERM: the second one ends us.
    await using terminal = openTerminal(
      session(`bash -c 'echo pid $$; exec "${VOLARY}" ssh first -t -- "echo up; exec sleep 1000"'`),
      here.env,
    );
    const [, pid] = await terminal.shows(/pid (\d+)/);

    await terminal.shows(/up/);
    process.kill(Number(pid), signal);
    await terminal.shows(new RegExp(`code ${code}\\s+set back`));
  });

  it('goes on with the next server when its own was killed, and is left by ~. while there is none', async () => {
    await using terminal = openTerminal(session(`'${VOLARY}' ssh first`), here.env);
    await terminal.shows(/# $/);

    await here.must(['up', '--detach', '--no-vm'], { env: killServer() });
    terminal.type('echo still $((40 + 2))\r');
    await terminal.shows(/still 42/);
    const env = killServer();
    terminal.type('echo nobody hears\r');
    terminal.type('~.');
    await terminal.shows(/does not answer[\s\S]*code 125\s+set back/);
    await here.must(['up', '--detach', '--no-vm'], { env });
  });
});

describe('a line for the shell', () => {
  it('is read by it, without a terminal, and its exit code is ours', async () => {
    const { code, stdout, stderr } = await here.volary(
      ['ssh', 'first', '--', 'cd', '/etc', '&&', 'pwd; cat; tty; echo x >&2; exit 7'],
      { input: 'typed\n' },
    );

    expect({ code, stdout, stderr }).toEqual({ code: 7, stdout: '/etc\ntyped\nnot a tty\n', stderr: 'x\n' });
  });

  it('takes and gives any bytes, and leaves what it does not read', async () => {
    const bytes = Buffer.from(Array.from({ length: 1024 * 1024 }, (_, i) => (i * 7 + (i >> 8)) & 255));

    expect((await here.volary(['ssh', 'first', '--', 'cat'], { input: bytes })).bytes.equals(bytes)).toBe(true);
    expect(await here.must(['ssh', 'first', '--', 'head -c 3'], { input: 'abcdef' })).toBe('abc');
  });

  it('is another user’s where that is asked for', async () => {
    expect((await here.volary(['ssh', '-n', 'nobody@first', '--', 'true'])).stdout).toContain('not available');
    expect(await here.must(['ssh', '-n', '-l', 'games', '-e', 'SHELL=/bin/sh', 'first', '--', 'id -un'])).toBe('games');
  });

  it('has a terminal with -t', async () => {
    await using terminal = openTerminal(session(`'${VOLARY}' ssh -t first -- 'tty; exit 3'`), here.env);

    await terminal.shows(/\/dev\/pts\/\d+\s+code 3\s+set back/);
  });

  it('dies of our signals', async () => {
    const child = spawn(VOLARY, ['ssh', 'first', '--', 'echo up; exec sleep 1000'], {
      env: here.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    child.kill('SIGTERM');

    expect(await ended).toEqual([143, null]);
  });

  it('wakes a VM that sleeps', async () => {
    await here.must(['update', 'first', '--auto-wake', 'on']);
    await here.must(['suspend', 'first']);

    expect(await here.must(['ssh', '-n', 'first', '--', 'hostname'])).toBe('first');
  });

  it('goes to the workspace of that name before the VM', async () => {
    await here.must(['create', 'shop', '--memory', '192']);
    await here.must(['workspace', 'create', 'shop']);
    const { vm_name: vmName } = JSON.parse(await here.must(['workspace', 'get', 'shop', '--json']));

    expect(vmName).not.toBe('shop');
    expect(await here.must(['ssh', '-n', 'shop', '--', 'hostname'])).toBe(vmName);
    expect(await here.must(['workspace', 'ssh', '-n', 'shop', '--', 'hostname'])).toBe(vmName);
    await here.must(['workspace', 'rm', 'shop']);
    expect(await here.must(['ssh', '-n', 'shop', '--', 'hostname'])).toBe('shop');
  });

  it('is an error of ours where there is no such VM', async () => {
    const { code, stderr } = await here.volary(['ssh', '--json', 'nobody', '--', 'true']);

    expect({ code, error: JSON.parse(stderr).error.reason }).toEqual({ code: 125, error: 'vm.unknown' });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';
import { openTerminal } from './terminal.ts';

/* A shell on a real terminal, as a user sees it. */

const ESC = '\x1b';

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach']);
});
afterAll(() => here.remove());

/** Around a session: says when the terminal is as it was before. */
const session = (command: string) => `
before=$(stty -g)
${command}
echo "code $?"
[ "$before" = "$(stty -g)" ] && echo "set back"
`;

describe('a shell in a VM', () => {
  it('has a terminal of our size, follows it, and gives ours back as it was', async () => {
    await using terminal = openTerminal(
      `tty; stty rows 33 cols 101; ${session(`'${VOLARY}' exec -it first -- sh`)}`,
      here.env,
    );
    const [tty] = await terminal.shows(/\/dev\/pts\/\d+/);

    await terminal.shows(/# $/);
    terminal.type('stty size; tty\r');
    await terminal.shows(/33 101\s+\/dev\/pts\/\d+/);
    await runToEnd(['stty', '-F', tty, 'rows', '40', 'cols', '120'], { env: here.env });
    terminal.type('while [ "$(stty size)" != "40 120" ]; do :; done; echo it fol""lows\r');
    await terminal.shows(/it follows/);
    terminal.type('exit 5\r');
    await terminal.shows(/code 5\s+set back/);
  });

  it('gets Ctrl-C and Ctrl-D itself', async () => {
    await using terminal = openTerminal(session(`'${VOLARY}' exec -it first -- sh`), here.env);

    await terminal.shows(/# $/);
    terminal.type('echo sle""eps; sleep 1000\r');
    await terminal.shows(/sleeps/);
    terminal.type('\x03');
    await terminal.shows(/# $/);
    terminal.type('echo still $((40 + 2))\r');
    await terminal.shows(/still 42/);
    terminal.type('\x04');
    await terminal.shows(/code \d+\s+set back/);
  });

  it('is left with ~. at the start of a line', async () => {
    await using terminal = openTerminal(session(`'${VOLARY}' exec -it first -- sh`), here.env);

    await terminal.shows(/# $/);
    terminal.type('\r~.');
    await terminal.shows(/You left the command[\s\S]*code 125\s+set back/);
  });

  it('gets our hang-up, and the terminal is set back all the same', async () => {
    await using terminal = openTerminal(
      session(`bash -c 'echo pid $$; exec "${VOLARY}" exec -it first -- sh'`),
      here.env,
    );
    const [, pid] = await terminal.shows(/pid (\d+)/);

    await terminal.shows(/# $/);
    process.kill(Number(pid), 'SIGHUP');
    await terminal.shows(/code 129\s+set back/);
  });

  it('shows the key of a new server once', async () => {
    await using terminal = openTerminal(
      `'${VOLARY}' down; rm '${here.dataDir}/admin.key'; '${VOLARY}' up -d --no-vm; '${VOLARY}' up -d --no-vm; echo e""nd`,
      here.env,
    );

    const [, key] = await terminal.shows(/admin key, shown this once \(kept in \S+admin\.key\): (\S+)/);
    const [rest] = await terminal.shows(/[\s\S]*\bend/);
    expect(rest).not.toContain(key);
  });

  it('shows progress as one live line, and colours, unless they are not wanted', async () => {
    await using terminal = openTerminal(
      `'${VOLARY}' create live; '${VOLARY}' ls --no-color; '${VOLARY}' rm live`,
      here.env,
    );

    await terminal.shows(new RegExp(`\r${ESC}\\[K[^\n]*Creating live`));
    await terminal.shows(new RegExp(`${ESC}\\[32m✔${ESC}\\[39m live is running`));
    const [table] = await terminal.shows(/NAME[\s\S]*live[^\n]*\n/);
    expect(table).not.toContain(ESC);
    await terminal.shows(/live is deleted/);
  });
});

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';
import { openTerminal } from './terminal.ts';

/* Secrets in real guests, and everywhere else not. */

/** Not a word that stands anywhere by chance. */
const VALUE = 'xyzzy-plugh-8f3a-51c7';
const NEXT_VALUE = 'plover-rezrov-77d0-aa12';

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['secrets', 'set', 'TOKEN', '--description', 'Of a test'], { input: `${VALUE}\n` });
  await here.must(['create', 'bird', '--secret', 'TOKEN=API_TOKEN:/run/secrets/token', '--memory', '192']);
});
afterAll(() => here.remove());

async function run(vm: string, script: string): Promise<string> {
  return await here.must(['exec', vm, '--', 'sh', '-c', script]);
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

/** Files of the installation that hold one of these texts, byte for byte. */
async function filesWith(...texts: readonly string[]): Promise<string> {
  const wanted = texts.flatMap((text) => ['-e', text]);
  const argv = ['grep', '-rlasF', '--devices=skip', ...wanted, here.dataDir];
  return (await runToEnd(argv, { env: here.env })).stdout;
}

/** What each process of this machine shows to others of itself: all but of those that look for it now. */
function commandLines(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        // It has ended meanwhile.
        return '';
      }
    })
    .join('\n');
}

describe('a VM that is given a secret', () => {
  it('has it in the variables of its commands and in a file for root in its memory', async () => {
    // What a command prints is kept, so that these print a digest.
    expect(await run('bird', 'printf %s "$API_TOKEN" | sha256sum')).toContain(digestOf(VALUE));
    expect(await run('bird', 'sha256sum /run/secrets/token')).toContain(digestOf(VALUE));
    expect(await run('bird', 'stat -c "%a %U:%G" /run/secrets /run/secrets/token')).toBe(
      '700 root:root\n400 root:root',
    );
    expect(await run('bird', 'stat -f -c %T /run/secrets')).toBe('tmpfs');
  });

  it('leaves nothing of it on the host, in what it shows, nor in the arguments of any process', async () => {
    await run('bird', 'sync');

    expect(await filesWith(VALUE)).toBe('');
    expect(commandLines()).not.toContain(VALUE);
    const told = [
      await here.must(['events', '--json']),
      await here.must(['get', 'bird', '--json']),
      await here.must(['secrets', 'get', 'TOKEN', '--json']),
      await here.must(['ps', 'bird', '--json']),
    ];
    expect(told.join('\n')).toContain('TOKEN');
    expect(told.join('\n')).not.toContain(VALUE);
    expect(await run('bird', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "')).not.toContain(VALUE);
  });

  it('has a new value with the next command, and in the file when it wakes', async () => {
    await here.must(['secrets', 'set', 'TOKEN'], { input: NEXT_VALUE });
    expect(await run('bird', 'printf %s "$API_TOKEN"')).toBe(NEXT_VALUE);
    expect(await run('bird', 'cat /run/secrets/token')).toBe(VALUE);

    await here.must(['suspend', 'bird']);
    await here.must(['resume', 'bird']);

    expect(await run('bird', 'cat /run/secrets/token; stat -c " %a" /run/secrets/token')).toBe(`${NEXT_VALUE} 400`);
  });

  it('goes to a VM that is made from a snapshot of it, unless that is to have none', async () => {
    await here.must(['snapshot', 'create', 'bird', 'saved']);

    await here.must(['create', 'same', '--snapshot', 'saved']);
    expect(await run('same', 'cat /run/secrets/token')).toBe(NEXT_VALUE);
    await here.must(['update', 'same', '--no-secret']);
    await here.must(['suspend', 'same']);
    await here.must(['resume', 'same']);

    expect(await run('same', 'ls -A /run; printf "%s" "[$API_TOKEN]"')).not.toMatch(/secrets|plover/);
  });

  it('has it after the key was changed, by which the old one is gone', async () => {
    const before = readFileSync(join(here.dataDir, 'secrets.key'), 'utf8').trim();

    const rotated = JSON.parse(await here.must(['secrets', 'rotate-key', '--json']));

    expect(rotated).toMatchObject({ resealed: { secrets: 1 }, dropped_keys: [expect.any(String)] });
    expect(await filesWith(before)).toBe('');
    await here.must(['restart', 'bird', '--force']);
    expect(await run('bird', 'printf %s "$API_TOKEN"; cat /run/secrets/token')).toBe(`${NEXT_VALUE}${NEXT_VALUE}`);
  });
});

describe('volary secrets', () => {
  it('takes a value from a file as it is, lists, and removes what no VM is given', async () => {
    const file = join(here.directory, 'value');
    writeFileSync(file, Buffer.from([0xff, 0x00, 0x0a]));
    expect(await here.must(['secrets', 'set', 'BYTES', '--file', file])).toBe('BYTES');

    expect(JSON.parse(await here.must(['secrets', 'get', 'BYTES', '--json']))).toMatchObject({
      size_bytes: 3,
      is_text: false,
    });
    expect(await here.must(['secrets', 'ls'])).toMatch(/^NAME .*\n(TOKEN|BYTES) .*\n/);
    expect(await here.must(['secrets', 'rm', 'BYTES'])).toBe('BYTES');
    expect(await here.volary(['secrets', 'rm', 'TOKEN'])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('bird'),
    });
  });

  it('asks for a value on a terminal, which does not show it', async () => {
    const typed = 'typed-and-not-shown';
    await using terminal = openTerminal(
      `before=$(stty -g); '${VOLARY}' secrets set TYPED; [ "$before" = "$(stty -g)" ] && echo "set back"`,
      here.env,
    );

    await terminal.shows(/Value of TYPED: $/);
    terminal.type(`${typed}x\x7f\r`);
    const [shown] = await terminal.shows(/[\s\S]*TYPED[\s\S]*set back/);

    expect(shown).not.toContain('typed');
    expect(JSON.parse(await here.must(['secrets', 'get', 'TYPED', '--json']))).toMatchObject({
      size_bytes: typed.length,
    });
  });
});

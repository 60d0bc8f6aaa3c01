import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, VOLARY } from './installation.ts';

let here: Installation;
beforeEach(() => {
  here = createInstallation('simulated');
});
afterEach(() => here.remove());

describe('up', () => {
  it('leaves a server that is found again, and the second time is quick', async () => {
    const first = JSON.parse(await here.must(['up', '--detach', '--json']));
    const { pid, url } = serverFile();
    const again = JSON.parse(await here.must(['up', '--detach', '--json']));

    expect(first).toMatchObject({ url, vm: { name: 'first' }, data_dir: here.dataDir });
    expect(serverFile().pid).toBe(pid);
    expect(again.duration_ms).toBeLessThan(2000);
    expect(statSync(join(here.dataDir, 'admin.key')).mode & 0o777).toBe(0o600);
  });

  it('gets by with one server when two are asked for at once', async () => {
    const outcomes = await Promise.all([
      here.volary(['up', '--detach', '--no-vm']),
      here.volary(['up', '--detach', '--no-vm']),
    ]);

    expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
    expect(await here.must(['ls', '-q'])).toBe('');
  });

  it('ends with three things to try', async () => {
    const screen = await here.must(['up', '--detach', '--name', 'mine']);

    expect(screen.match(/^ {2}\S*volary .*mine/gm)).toHaveLength(2);
    expect(screen).toMatch(/Ready in [\d.]+ s/);
  });

  it('in the foreground shows what happens, until it is interrupted; the server ends with it', async () => {
    const child = spawn(VOLARY, ['up'], { env: here.env, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (!said.includes('What happens:')) return;
      child.stderr.removeAllListeners('data').on('data', (rest) => {
        said += rest;
      });
      child.kill('SIGINT');
    });
    const [code] = await once(child, 'close');

    expect(code).toBe(0);
    expect(said).toContain('The server has ended');
    expect(await here.volary(['ls'])).toMatchObject({ code: 5 });
  });

  it('refuses to pass a server that runs for the one that was asked for', async () => {
    await here.must(['up', '--detach', '--no-vm']);
    const other = await here.volary(['up', '--detach', '--listen', '127.0.0.1:1', '--driver', 'qemu']);

    expect(other).toMatchObject({ code: 4, stdout: '' });
    expect(other.stderr).toContain(`${serverFile().url}, and not on 127.0.0.1:1 and with the driver qemu`);
    const same = new URL(serverFile().url).host;
    await here.must(['up', '--detach', '--no-vm', '--listen', same, '--driver', 'simulated']);
  });

  it('says what the server said if it does not start', async () => {
    const outcome = await here.volary(['up', '--detach', '--listen', 'nonsense']);

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('nonsense');
  });

  it('says so if the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : null;
    const outcome = await here.volary(['up', '--detach', '--listen', `127.0.0.1:${port}`, '--json']);
    other.close();

    expect(outcome.code).toBe(1);
    expect(JSON.parse(outcome.stderr).error.message).toContain(`127.0.0.1:${port}`);
  });
});

describe('serve', () => {
  it('is the server itself, and ends with 0 when it is asked to', async () => {
    const child = spawn(VOLARY, ['serve'], { env: here.env, stdio: ['ignore', 'inherit', 'pipe'] });
    const ended = once(child, 'exit');
    for await (const line of createInterface({ input: child.stderr })) if (line.includes('listening')) break;
    expect(serverFile().pid).toBe(child.pid);
    await here.must(['ls']);

    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('refuses a data directory that is in use, and names the process', async () => {
    await here.must(['up', '--detach', '--no-vm']);
    const outcome = await here.volary(['serve']);

    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(String(serverFile().pid));
  });
});

describe('down', () => {
  it('ends the server, and has nothing to do the second time', async () => {
    await here.must(['up', '--detach', '--no-vm']);

    expect(await here.must(['down'])).toContain('has ended');
    expect(await here.must(['down'])).toContain('No server');
  });
});

describe('doctor', () => {
  it('tells what it looked at, as JSON too', async () => {
    const { code, stdout } = await here.volary(['doctor', '--json']);
    const { ok, checks } = JSON.parse(stdout);

    expect(code).toBe(ok === true ? 0 : 1);
    expect(checks.map((check: { id: string }) => check.id)).toEqual(
      expect.arrayContaining([
        'system',
        'node',
        'tool.qemu-system-x86_64',
        'accelerator',
        'memory',
        'data_dir',
        'server',
      ]),
    );
  });

  it('names the command that mends what is missing', async () => {
    const { code, stdout } = await here.volary(['doctor', '--json'], { env: { VOLARY_DATA_DIR: '/dev/null/nowhere' } });
    const { checks } = JSON.parse(stdout);

    expect(code).toBe(1);
    expect(checks.find((check: { id: string }) => check.id === 'data_dir')).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('--data-dir'),
    });
  });
});

function serverFile(): { readonly pid: number; readonly url: string } {
  return JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
}

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startTestEngine,
  type TestEngine,
} from '../../packages/server/src/adapters/drivers/docker/docker-engine.fixture.ts';
import { createInstallation, type Installation } from './installation.ts';

/* Workspaces: the command line, a real server, a real machine and a real container. Guests get no egress: what they clone, they serve themselves. */

/** In place of ssh: makes the repository where there is none, and runs what git wants run at its other end. */
const OTHER_END = `sh -c '
  for last; do :; done
  if ! test -d /srv/origin; then
    git init -q /srv/origin && cd /srv/origin && echo "echo built > built" > Makefile.sh && git add . &&
      git -c user.name=a -c user.email=a@b commit -qm one
  fi >&2
  eval "$last"' ssh`;

const engine = await startTestEngine();
let here: Installation;
beforeAll(async () => {
  const socket = 'whyNot' in engine ? 'off' : engine.socketPath;
  here = createInstallation('qemu', { VOLARY_DOCKER_SOCKET: socket });
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(async () => {
  await here.remove();
  if (!('whyNot' in engine)) await engine[Symbol.asyncDispose]();
});

/** What of the VMs that there were lies in the data directory. */
function leftovers(): readonly string[] {
  return ['vms', 'docker', 'suspended'].flatMap((name) => {
    const path = join(here.dataDir, name);
    return existsSync(path) ? readdirSync(path).map((file) => `${name}/${file}`) : [];
  });
}

async function get(name: string) {
  return JSON.parse(await here.must(['workspace', 'get', name, '--json']));
}

async function liveThrough(name: string, provider: 'qemu' | 'docker'): Promise<void> {
  await here.must([
    ...['workspace', 'create', name, '--template', 'base', '--provider', provider, '--memory', '192', '--ttl', '10m'],
    ...['--repo', 'git@other-end:/srv/origin', '--prep', 'sh Makefile.sh', '--prep', 'echo $COLOUR > colour'],
    ...['--env', `GIT_SSH_COMMAND=${OTHER_END}`, '--env', 'GIT_SSH_VARIANT=simple', '--env', 'COLOUR=blue'],
  ]);
  const made = await get(name);
  expect(made).toMatchObject({ status: 'running', provider, vm_name: name, error_message: null });
  expect(made.setup).toMatchObject({ state: 'done', steps: [{ kind: 'clone' }, { kind: 'prep' }, { kind: 'prep' }] });
  expect(made.connection_info).toMatchObject({ vm_id: made.vm_id, directory: '/workspace/origin' });
  expect(made.connection_info.container_id).toEqual(provider === 'docker' ? made.provider_id : undefined);

  const look = 'cd /workspace/origin && cat built colour && git log --format=%s && git status --porcelain';
  expect(await here.must(['exec', name, '--', 'sh', '-c', look])).toBe('built\nblue\none\n?? built\n?? colour');
  expect(await here.must(['workspace', 'logs', name])).toContain('$ sh Makefile.sh  (done)');

  expect(await here.must(['ssh', name, '--', 'cd /workspace/origin && cat colour'])).toBe('blue');
  expect(await here.volary(['workspace', 'ssh', name, '--', 'exit 7'])).toMatchObject({ code: 7 });
  await here.must(['workspace', 'extend', name, '2h']);
  const extended = await get(name);
  expect(Date.parse(extended.expires_at) - Date.parse(made.expires_at)).toBeGreaterThan(6_000_000);
  await here.must(['update', extended.vm_name, '--ttl', '2s']);
  await here.must(['wait', extended.vm_id, '--phase', 'absent', '--timeout', '2m']).catch(() => '');
  await expect.poll(() => here.must(['workspace', 'ls', '-q']), { timeout: 60_000 }).toBe('');
}

async function failToClone(name: string, provider: 'qemu' | 'docker'): Promise<void> {
  const { code, stderr } = await here.volary([
    ...['workspace', 'create', name, '--provider', provider, '--memory', '192'],
    ...['--repo', 'https://127.0.0.1/acme/shop.git', '--prep', 'touch /never'],
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toContain('git clone https://127.0.0.1/acme/shop.git failed with exit code 128');

  const failed = await get(name);
  expect(failed).toMatchObject({
    status: 'failed',
    vm_phase: 'running',
    error_message: expect.stringMatching(/fatal: /),
  });
  expect(await here.must(['exec', name, '--', 'sh', '-c', 'ls -d /never /workspace/* 2> /dev/null; echo looked'])).toBe(
    'looked',
  );
  await here.must(['workspace', 'rm', name]);
  expect(await here.must(['ls', '-q'])).toBe('');
}

describe('a workspace that is a machine', () => {
  it('is made, set up, entered, extended, expires, and leaves nothing', async () => {
    await liveThrough('desk', 'qemu');
    expect(leftovers()).toEqual([]);
  });

  it('whose repository cannot be cloned says why, can be looked into, and goes', async () => {
    await failToClone('odd', 'qemu');
    expect(leftovers()).toEqual([]);
  });

  it('is refused by a provider that there is not, naming those that there are', async () => {
    const { code, stderr } = await here.volary(['workspace', 'create', 'desk', '--provider', 'vax']);

    expect(code).not.toBe(0);
    expect(stderr).toContain('there are: qemu');
    expect(await here.must(['workspace', 'ls', '-q'])).toBe('');
  });
});

if ('whyNot' in engine) it('a workspace that is a container', ({ skip }) => skip(engine.whyNot));
else describe('a workspace that is a container', () => testContainers(engine));

function testContainers(present: TestEngine): void {
  it('is made from the same template, set up, entered, extended, expires, and leaves nothing', async () => {
    await liveThrough('desk', 'docker');
    expect(leftovers()).toEqual([]);
  });

  it('whose repository cannot be cloned says why, can be looked into, and goes', async () => {
    await failToClone('odd', 'docker');
    expect(leftovers()).toEqual([]);
  });

  it('fails with a reason when its engine is gone, and goes when that is back', async () => {
    await present.kill();
    const { code, stderr } = await here.volary([
      'workspace',
      'create',
      'lost',
      '--provider',
      'docker',
      '--memory',
      '192',
    ]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('The Docker Engine cannot be reached');
    expect(await get('lost')).toMatchObject({ status: 'failed', error_message: expect.any(String) });

    await here.must(['workspace', 'rm', 'lost', '--no-wait']);
    await present.start();
    await expect.poll(() => here.must(['workspace', 'ls', '-q']), { timeout: 120_000 }).toBe('');
    expect(await here.must(['ls', '-q'])).toBe('');
    expect(leftovers()).toEqual([]);
  });
}

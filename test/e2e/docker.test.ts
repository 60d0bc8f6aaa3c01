import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  startTestEngine,
  type TestEngine,
} from '../../packages/server/src/adapters/drivers/docker/docker-engine.fixture.ts';
import { createInstallation, type Installation } from './installation.ts';

/* Containers as VMs: the command line, a real server, a real engine of the test's own. */

const engine = await startTestEngine();

if ('whyNot' in engine) it('runs containers', ({ skip }) => skip(engine.whyNot));
else describe('a VM that is a container', () => testContainers(engine));

function testContainers(present: TestEngine): void {
  let here: Installation;
  beforeAll(async () => {
    here = createInstallation('docker', { VOLARY_DOCKER_SOCKET: present.socketPath });
    await here.must(['up', '--detach', '--no-vm']);
  });
  afterAll(async () => {
    await here.remove();
    await present[Symbol.asyncDispose]();
  });

  it('is created, used as a machine is, survives its server, and leaves nothing', async () => {
    await here.must(['create', 'crab', '--memory', '192', '--env', 'GREETING=hi']);

    expect(JSON.parse(await here.must(['get', 'crab', '--json']))).toMatchObject({
      driver: 'docker',
      health: 'healthy',
    });
    expect(
      await here.must(['exec', 'crab', '--', 'sh', '-c', 'echo $GREETING from $(hostname); cat'], { input: ' there' }),
    ).toBe('hi from crab\n there');
    expect(await here.volary(['exec', 'crab', '--', 'sh', '-c', 'exit 7'])).toMatchObject({ code: 7 });
    expect(await here.volary(['exec', 'crab', '--', 'no-such-program'])).toMatchObject({ code: 127 });
    await here.must(['exec', 'crab', '--', 'sh', '-c', 'echo kept > /srv/file']);

    await here.must(['down']);
    await here.must(['up', '--detach', '--no-vm']);
    expect(await here.must(['exec', 'crab', '--', 'cat', '/srv/file'])).toBe('kept');
    await here.must(['stop', 'crab']);
    await here.must(['start', 'crab']);
    expect(await here.must(['exec', 'crab', '--', 'cat', '/srv/file'])).toBe('kept');
    await here.must(['rm', '--force', 'crab']);

    expect(await here.must(['ls', '-q'])).toBe('');
  });

  it('has the tools that it was made with, in commands and shells, over its lives, and no others', {
    timeout: 400_000,
  }, async () => {
    await here.must(['create', 'lobster', '--tool', 'nodejs@20']);
    const version = await here.must(['exec', 'lobster', '--', 'node', '-v']);

    expect(version).toMatch(/^v20\.\d+\.\d+$/);
    expect(await here.must(['ssh', 'lobster', '--', 'node -v; command -v npm'])).toBe(
      `${version}\n/opt/volary/bin/npm`,
    );
    expect(JSON.parse(await here.must(['get', 'lobster', '--json']))).toMatchObject({
      tools: [{ name: 'nodejs', version: version.slice(1) }],
      restart_required: false,
    });
    await here.must(['system', 'prune']);
    expect(await here.must(['system', 'df', '--json'])).toContain('docker-tool-');
    await here.must(['restart', 'lobster']);
    expect(await here.must(['exec', 'lobster', '--', 'sh', '-c', 'node -p 6*7'])).toBe('42');
    const other = await here.volary(['update', 'lobster', '--tool', 'bun']);
    expect(other.stderr).toContain('keeps the tools that it was made with');
    expect(other.code).not.toBe(0);
    await here.must(['rm', '--force', 'lobster']);
    await here.must(['create', 'shrimp', '--template', 'nodejs']);
    expect(await here.must(['exec', 'shrimp', '--', 'node', '-p', '1+1'])).toBe('2');
    await here.must(['rm', '--force', 'shrimp']);
    expect(await here.must(['system', 'df', '--json'])).not.toContain('docker-tool-');
  });

  it('is refused what containers cannot be given, each with its reason', async () => {
    const refused = async (...options: readonly string[]) => {
      const { code, stderr } = await here.volary(['create', 'crab', ...options]);
      expect(code).not.toBe(0);
      return stderr;
    };

    expect(await refused('--add-disk', 'data=1g')).toContain('no disks besides the root');
    expect(await refused('--driver', 'vax')).toContain('docker, qemu');
    expect(await here.must(['ls', '-q'])).toBe('');
  });

  it('stands beside machines: the server tells of both drivers', async () => {
    const { capabilities } = JSON.parse(await here.must(['status', '--json']));

    expect(capabilities.drivers).toMatchObject([
      { kind: 'docker', why_not: null, supports_snapshots: false },
      { kind: 'qemu', why_not: null, supports_snapshots: true },
    ]);
  });
}

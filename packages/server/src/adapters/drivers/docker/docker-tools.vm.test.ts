import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import { command, readToEnd } from '../../../ports/guest-link-contract/subject.contract.ts';
import type { Pack } from '../../../ports/machine-packs.ts';
import { startTestEngine, type TestEngine } from './docker-engine.fixture.ts';
import { type DockerHost, makeDockerHost } from './docker-host.fixture.ts';

/* Tools in containers of a real engine. */

const options = { signal: new AbortController().signal };
const engine = await startTestEngine();

if ('whyNot' in engine) it('gives containers tools', ({ skip }) => skip(engine.whyNot));
else describe('a container with tools', { timeout: 240_000 }, () => testTools(engine));

function testTools({ socketPath, [Symbol.asyncDispose]: dispose }: TestEngine): void {
  let host: DockerHost;
  let driver: Driver;
  let directory: string;
  let one: Pack;
  let two: Pack;

  beforeAll(async () => {
    host = await makeDockerHost(socketPath);
    driver = host.makeDriver();
    directory = mkdtempSync(join(tmpdir(), 'docker-tools-'));
    [one, two] = [makePack('one'), makePack('two')];
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await driver[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
    await dispose();
  });

  /** With a command of its name, one that comes by a link, and one that each of them has. */
  function makePack(name: string): Pack {
    const root = join(directory, name);
    mkdirSync(join(root, 'bin'), { recursive: true });
    for (const file of [name, 'both'])
      writeFileSync(join(root, 'bin', file), `#!/bin/sh\necho ${name}\n`, { mode: 0o755 });
    symlinkSync(name, join(root, 'bin', `${name}-linked`));
    const path = `${root}.squashfs`;
    execFileSync('mksquashfs', [root, path, '-quiet', '-no-progress', '-all-root']);
    return { name, version: '1', digest: createHash('sha256').update(readFileSync(path)).digest('hex'), path };
  }

  async function begin(packs: readonly Pack[]): Promise<DiskSpec> {
    const machine = { ...host.makeMachine(), packs };
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
    return machine;
  }

  async function say({ vmId }: DiskSpec, script: string): Promise<string> {
    const link = await driver.openLink(vmId, options);
    const process = await link.exec(idFromUuid('exec', crypto.randomUUID()), command(['sh', '-c', script]), options);
    return (await readToEnd(process)).stdout.trim();
  }

  async function remove({ vmId }: DiskSpec): Promise<void> {
    await driver.endMachine(vmId, options);
    await driver.deleteDisk(vmId, options);
  }

  async function unpacked() {
    return (await driver.storage.list(options)).filter(({ id }) => id.startsWith('docker-tool-'));
  }

  it('has them where machines have them, on the PATH of commands and shells, and cannot write to them', async () => {
    const machine = await begin([one, two]);

    expect(await say(machine, 'one; two-linked; both')).toBe('one\ntwo\none');
    expect(await say(machine, 'readlink -f $(command -v two)')).toBe('/opt/volary/tools/two/bin/two');
    expect(await say(machine, 'env -i /bin/sh -lc one; touch /opt/volary/tools/one/x 2>/dev/null || echo kept')).toBe(
      'one\nkept',
    );
    const { machine: seen } = await driver.inspect(machine.vmId, options);
    expect(seen).toMatchObject({ kind: 'running', packs: [one.digest, two.digest] });

    await driver.endMachine(machine.vmId, options);
    await driver.startMachine({ ...machine, incarnation: 2 }, options);
    expect(await say(machine, 'one; both')).toBe('one\none');
    await remove(machine);
  });

  it('shares what was unpacked once with others, and the last one takes it away', async () => {
    const first = await begin([one]);
    const file = 'stat -c %i /opt/volary/tools/one/bin/one';
    const inode = await say(first, file);
    const second = await begin([{ ...one, path: null }]);

    expect(await say(second, file)).toBe(inode);
    expect(await unpacked()).toMatchObject([{ id: `docker-tool-${one.digest}`, isBusy: true }]);
    expect(await driver.storage.removeLeftover(`docker-tool-${one.digest}`, options)).toBe(false);
    await remove(first);
    expect(await say(second, 'one')).toBe('one');
    await remove(second);
    expect(await unpacked()).toEqual([]);
  });

  it('is not made without one that is gone', async () => {
    const machine = { ...host.makeMachine(), packs: [{ ...two, path: null }] };

    await expect(driver.createDisk(machine, options)).rejects.toMatchObject({
      ...{ code: 'unavailable', reason: 'driver.pack_gone' },
    });

    expect((await driver.inspect(machine.vmId, options)).disk).toEqual({ kind: 'remnants' });
    await driver.deleteDisk(machine.vmId, options);
    expect((await driver.inspect(machine.vmId, options)).disk).toEqual({ kind: 'absent' });
    expect(await unpacked()).toEqual([]);
    expect(() => statSync(two.path ?? '')).not.toThrow();
  });
}

import { expect, test } from 'vitest';
import { uuidOf } from '../../domain/ids.ts';
import type { DiskSpec, Driver, SavedRef, WarmTemplates } from '../driver.ts';
import type { GuestLink } from '../guest-link.ts';
import type { DriverContext } from './subject.contract.ts';

const FILE = '/root/mine';
const LOST = { code: 'data_loss', reason: 'snapshot.lost' };

/** `warm`: templates, machines that begin from them, and machines that are made ahead of their VMs. */
export function warmLaws({ driver, machine, options }: DriverContext): void {
  /** The driver with its templates, and one of them; the test is skipped where machines always boot. */
  async function setUp(skip: (note: string) => never): Promise<{
    readonly one: Driver;
    readonly warm: WarmTemplates;
    readonly from: Extract<SavedRef, { kind: 'warm' }>;
  }> {
    const one = driver();
    const { warm } = one;
    if (warm === null) return skip('machines of this driver always boot');
    const { key } = await warm.build(machine(), options);
    return { one, warm, from: { kind: 'warm', key } };
  }

  const stateOf = async (one: Driver, { vmId }: DiskSpec) => {
    const found = (await one.findAll(options)).find((each) => each.vmId === vmId);
    return found === undefined ? null : { isSpare: found.isSpare, machine: found.observation.machine.kind };
  };

  async function begin(one: Driver, spec: DiskSpec): Promise<GuestLink> {
    await one.createDisk(spec, options);
    await one.startMachine(spec, options);
    return await one.openLink(spec.vmId, options);
  }

  test('a template is made once, and is found by machines of its kind alone', async ({ skip }) => {
    const { warm, from } = await setUp((note) => skip(note));
    const spec = machine();

    const again = await warm.build(spec, options);

    expect(again).toMatchObject({
      key: from.key,
      vcpuCount: spec.spec.vcpuCount,
      memoryMib: spec.spec.memoryMib,
      diskBytes: spec.spec.diskGib * 1024 ** 3,
      imageDigest: spec.image.digest,
    });
    expect(again.usedAt).toBeGreaterThanOrEqual(again.createdAt);
    expect(await warm.list()).toContainEqual(again);
    expect(await warm.find(spec, options)).toEqual(again);
    const larger = { ...spec, spec: { ...spec.spec, memoryMib: spec.spec.memoryMib * 2 } };
    const rebuilt = { ...spec, image: { ...spec.image, digest: 'f'.repeat(64) } };
    expect(await warm.find(larger, options)).toBeNull();
    expect(await warm.find(rebuilt, options)).toBeNull();
  });

  test('a template whose making is aborted is none', async ({ skip }) => {
    const { warm } = await setUp((note) => skip(note));
    const spec = machine();
    const larger = { ...spec, spec: { ...spec.spec, memoryMib: spec.spec.memoryMib + 32 } };

    const aborted = { signal: AbortSignal.abort(new Error('enough')) };
    await expect(warm.build(larger, aborted)).rejects.toThrow();

    expect(await warm.find(larger, options)).toBeNull();
  });

  test('machines begin from it, each as itself, and keep to themselves what they change', async ({ skip }) => {
    const { one, from } = await setUp((note) => skip(note));

    for (const name of ['fork-1', 'fork-2']) {
      const spec = { ...machine(), name, from };
      const link = await begin(one, spec);
      expect(await read(link, '/etc/hostname')).toBe(name);
      expect(await read(link, '/etc/machine-id')).toBe(uuidOf(spec.vmId).replaceAll('-', ''));
      await expect(read(link, FILE)).rejects.toMatchObject({ reason: 'guest.no_such_file' });
      await write(link, name);
      expect(await stateOf(one, spec)).toEqual({ isSpare: false, machine: 'running' });
    }
  });

  test('a machine that is made ahead waits, halted, as nobody, and becomes its VM when it is given to it', async ({
    skip,
  }) => {
    const { one, warm, from } = await setUp((note) => skip(note));
    const spec = machine();
    const { name: _name, labels: _labels, ...spare } = spec;

    await warm.startSpare(spare, { ...options, key: from.key });

    expect(await stateOf(one, spec)).toEqual({ isSpare: true, machine: 'paused' });
    expect((await one.inspect(spec.vmId, options)).disk).toEqual({
      kind: 'present',
      imageDigest: spec.image.digest,
    });
    await expect(one.openLink(spec.vmId, options)).rejects.toMatchObject({ reason: 'driver.no_machine' });
    const handle = await one.startMachine({ ...spec, name: 'given' }, options);
    expect(await one.startMachine({ ...spec, name: 'given' }, options)).toEqual(handle);
    const link = await one.openLink(spec.vmId, options);
    expect(await read(link, '/etc/hostname')).toBe('given');
    expect(await stateOf(one, spec)).toEqual({ isSpare: false, machine: 'running' });
  });

  test('a machine that waits is told as such by the next server too, which may give it away or end it', async ({
    skip,
  }) => {
    const { one, warm, from } = await setUp((note) => skip(note));
    const [given, ended] = [machine(), machine()];
    for (const { vmId, incarnation, spec, image } of [given, ended])
      await warm.startSpare({ vmId, incarnation, spec, image }, { ...options, key: from.key });
    await one[Symbol.asyncDispose]();
    const next = driver();

    expect([await stateOf(next, given), await stateOf(next, ended)]).toEqual([
      { isSpare: true, machine: 'paused' },
      { isSpare: true, machine: 'paused' },
    ]);
    await next.startMachine({ ...given, name: 'given' }, options);
    await next.endMachine(ended.vmId, options);
    await next.deleteDisk(ended.vmId, options);

    expect(await read(await next.openLink(given.vmId, options), '/etc/hostname')).toBe('given');
    expect([await stateOf(next, given), await stateOf(next, ended)]).toEqual([
      { isSpare: false, machine: 'running' },
      null,
    ]);
  });

  test('what is left of a machine that was made ahead and ended is told as such, so that whoever died over it is known', async ({
    skip,
  }) => {
    const { one, warm, from } = await setUp((note) => skip(note));
    const machineMade = machine();
    const { name: _name, labels: _labels, ...spare } = machineMade;
    await warm.startSpare(spare, { ...options, key: from.key });

    await one.endMachine(machineMade.vmId, options);
    await one[Symbol.asyncDispose]();

    const next = driver();
    expect(await stateOf(next, machineMade)).toEqual({ isSpare: true, machine: 'absent' });
    await next.deleteDisk(machineMade.vmId, options);
    expect(await stateOf(next, machineMade)).toBeNull();
  });

  test('a copy of a template that nobody has been in is told as made ahead', async ({ skip }) => {
    const { one, from } = await setUp((note) => skip(note));
    const spec = { ...machine(), from };

    await one.createDisk(spec, options);
    expect(await stateOf(one, spec)).toEqual({ isSpare: true, machine: 'absent' });

    await one.startMachine(spec, options);
    await one.endMachine(spec.vmId, options);
    expect(await stateOf(one, spec)).toEqual({ isSpare: false, machine: 'absent' });
  });

  test('a template outlives the server; what began from it outlives the template, from which nothing begins any more', async ({
    skip,
  }) => {
    const { one: before, from } = await setUp((note) => skip(note));
    await before[Symbol.asyncDispose]();
    const after = driver();
    const fork = { ...machine(), from };
    const link = await begin(after, fork);
    await write(link, 'kept');

    await after.warm?.remove(from.key);
    await after.warm?.remove(from.key);

    expect(await read(link, FILE)).toBe('kept');
    const { vmId, incarnation, spec, image } = machine();
    expect(await after.warm?.find({ ...fork, vmId }, options)).toBeNull();
    await expect(after.createDisk({ ...fork, vmId }, options)).rejects.toMatchObject(LOST);
    const making = after.warm?.startSpare({ vmId, incarnation, spec, image }, { ...options, key: from.key });
    await expect(making).rejects.toMatchObject(LOST);
    expect((await after.inspect(vmId, options)).disk.kind).toBe('absent');
  });
}

async function write(link: GuestLink, text: string): Promise<void> {
  const { signal } = new AbortController();
  async function* content(): AsyncIterable<Uint8Array> {
    yield new TextEncoder().encode(text);
  }
  await link.writeFile(FILE, content(), { signal, makeParents: true });
}

async function read(link: GuestLink, path: string): Promise<string> {
  const { signal } = new AbortController();
  const { content } = await link.readFile(path, { signal });
  let text = '';
  for await (const chunk of content) text += new TextDecoder().decode(chunk);
  return text.trim();
}

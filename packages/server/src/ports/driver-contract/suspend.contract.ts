import { expect, test } from 'vitest';
import type { DiskSpec, Driver } from '../driver.ts';
import type { GuestLink } from '../guest-link.ts';
import type { DriverContext } from './subject.contract.ts';

const NO_MACHINE = { code: 'failed_precondition', reason: 'driver.no_machine' };
const FILE = '/dev/shm/volary-test';

/** `suspendMachine` and `wakeMachine`. */
export function suspendLaws({ driver, machine, options }: DriverContext): void {
  async function started(one: Driver, spec: DiskSpec): Promise<GuestLink> {
    await one.createDisk(spec, options);
    await one.startMachine(spec, options);
    return await one.openLink(spec.vmId, options);
  }

  test('a suspended machine is none that runs, and goes on with what was in its memory', async () => {
    const one = driver();
    const spec = machine();
    await write(await started(one, spec), 'kept');

    await one.suspendMachine(spec.vmId, options);
    await one.suspendMachine(spec.vmId, options);
    const { machine: asleep, disk } = await one.inspect(spec.vmId, options);
    expect({ asleep, disk: disk.kind }).toEqual({
      asleep: { kind: 'suspended', incarnation: spec.incarnation },
      disk: 'present',
    });
    await expect(one.openLink(spec.vmId, options)).rejects.toMatchObject(NO_MACHINE);
    await expect(one.resumeMachine(spec.vmId, options)).rejects.toMatchObject(NO_MACHINE);

    await one.wakeMachine(spec, options);
    await one.wakeMachine(spec, options);
    expect((await one.inspect(spec.vmId, options)).machine).toMatchObject({
      kind: 'running',
      incarnation: spec.incarnation,
    });
    expect(await read(await one.openLink(spec.vmId, options))).toBe('kept');
  });

  test('it can be suspended again and again, also when it was halted', async () => {
    const one = driver();
    const spec = machine();
    let link = await started(one, spec);

    for (const text of ['first', 'second']) {
      await write(link, text);
      await one.pauseMachine(spec.vmId, options);
      await one.suspendMachine(spec.vmId, options);
      await one.wakeMachine(spec, options);
      link = await one.openLink(spec.vmId, options);
      expect(await read(link)).toBe(text);
    }
  });

  test('the next server finds it suspended, and wakes it', async () => {
    const before = driver();
    const spec = machine();
    await started(before, spec);
    await before.suspendMachine(spec.vmId, options);
    await before[Symbol.asyncDispose]();
    const after = driver();

    const found = await after.findAll(options);
    await after.wakeMachine(spec, options);

    expect(found.find(({ vmId }) => vmId === spec.vmId)?.observation.machine.kind).toBe('suspended');
    expect((await after.inspect(spec.vmId, options)).machine.kind).toBe('running');
  });

  test('ending it gives up what it was suspended to', async () => {
    const one = driver();
    const spec = machine();
    await started(one, spec);
    await one.suspendMachine(spec.vmId, options);

    await one.endMachine(spec.vmId, options);

    expect((await one.inspect(spec.vmId, options)).machine.kind).toBe('absent');
    await expect(one.wakeMachine(spec, options)).rejects.toMatchObject(NO_MACHINE);
    await one.startMachine({ ...spec, incarnation: 2 }, options);
    expect((await one.inspect(spec.vmId, options)).machine).toMatchObject({ kind: 'running', incarnation: 2 });
  });

  test('another life than the suspended one is neither started nor woken over it', async () => {
    const one = driver();
    const spec = machine();
    await started(one, spec);
    await one.suspendMachine(spec.vmId, options);

    await expect(one.startMachine({ ...spec, incarnation: 2 }, options)).rejects.toMatchObject({
      reason: 'driver.machine_present',
    });

    expect((await one.inspect(spec.vmId, options)).machine.kind).toBe('suspended');
  });

  test('a suspension that is aborted leaves the machine as it was', async () => {
    const one = driver();
    const spec = machine();
    await started(one, spec);

    await expect(one.suspendMachine(spec.vmId, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow();

    expect((await one.inspect(spec.vmId, options)).machine.kind).toBe('running');
  });

  test('a machine that is not there can be neither suspended nor woken', async () => {
    const one = driver();
    const spec = machine();
    await one.createDisk(spec, options);

    await expect(one.suspendMachine(spec.vmId, options)).rejects.toMatchObject(NO_MACHINE);
    await expect(one.wakeMachine(spec, options)).rejects.toMatchObject(NO_MACHINE);
  });
}

async function write(link: GuestLink, text: string): Promise<void> {
  const { signal } = new AbortController();
  async function* content(): AsyncIterable<Uint8Array> {
    yield new TextEncoder().encode(text);
  }
  await link.writeFile(FILE, content(), { signal, makeParents: true });
}

async function read(link: GuestLink): Promise<string> {
  const { signal } = new AbortController();
  const { content } = await link.readFile(FILE, { signal });
  let text = '';
  for await (const chunk of content) text += new TextDecoder().decode(chunk);
  return text;
}

import { expect, test } from 'vitest';
import type { MachineShape, MachineSize } from '../../domain/vm/machine-shape.ts';
import type { DiskSpec, Driver } from '../driver.ts';
import type { DriverContext } from './subject.contract.ts';

const NO_MACHINE = { code: 'failed_precondition', reason: 'driver.no_machine' };
const CANNOT = { code: 'failed_precondition', reason: 'driver.cannot_resize' };
const MIB = 1024 ** 2;

/** `resizeMachine`, and what shapes say. */
export function resizeLaws({ driver, machine, options }: DriverContext): void {
  async function begin(skip: (note: string) => never): Promise<{
    readonly one: Driver;
    readonly spec: DiskSpec;
    readonly shape: MachineShape;
    readonly larger: MachineSize;
  }> {
    const one = driver();
    if (!one.capabilities.supportsLiveResize) return skip('machines of this driver keep their size');
    const spec = machine();
    await one.createDisk(spec, options);
    await one.startMachine(spec, options);
    const shape = await shapeOf(one, spec);
    const { vcpuCount, memoryMib, diskGib, growth } = shape;
    const larger = {
      ...{ vcpuCount: vcpuCount + 1, memoryMib: memoryMib + growth.memoryStepMib, diskGib: diskGib + 1 },
    };
    return { one, spec, shape, larger };
  }

  async function shapeOf(one: Driver, { vmId }: DiskSpec): Promise<MachineShape> {
    const { machine: present } = await one.inspect(vmId, options);
    if ((present.kind !== 'running' && present.kind !== 'paused') || present.shape === undefined)
      throw new Error('the machine says nothing of its size');
    return present.shape;
  }

  test('a machine says how large it is, and is made larger while it runs, once however often that is asked', async ({
    skip,
  }) => {
    const { one, spec, shape, larger } = await begin((note) => skip(note));
    const { vcpuCount, memoryMib, diskGib } = spec.spec;
    expect(shape).toMatchObject({ vcpuCount, memoryMib, diskGib });
    const link = await one.openLink(spec.vmId, options);

    expect(await one.resizeMachine(spec.vmId, larger, options)).toMatchObject(larger);
    expect(await one.resizeMachine(spec.vmId, larger, options)).toMatchObject(larger);

    expect(await shapeOf(one, spec)).toMatchObject(larger);
    await expect.poll(async () => (await link.grow(options)).cpuCount, { timeout: 60_000 }).toBe(larger.vcpuCount);
    await expect
      .poll(async () => (await link.grow(options)).memoryBytes, { timeout: 60_000 })
      .toBeGreaterThanOrEqual(larger.memoryMib * MIB);
  });

  test('it is never made smaller, nor larger than it says that it can be', async ({ skip }) => {
    const { one, spec, shape } = await begin((note) => skip(note));
    const { growth, ...size } = shape;
    const smaller = { ...size, memoryMib: size.memoryMib - growth.memoryStepMib, diskGib: size.diskGib - 1 };
    expect(await one.resizeMachine(spec.vmId, smaller, options)).toMatchObject(size);

    for (const wanted of [
      { ...size, vcpuCount: growth.vcpuCount + 1 },
      { ...size, memoryMib: growth.memoryMib + growth.memoryStepMib },
    ])
      await expect(one.resizeMachine(spec.vmId, wanted, options)).rejects.toMatchObject(CANNOT);
    expect(await shapeOf(one, spec)).toEqual(shape);
  });

  test('what it was given stays with it through the next server and its sleep, and goes with its life', async ({
    skip,
  }) => {
    const { one, spec, larger } = await begin((note) => skip(note));
    await one.resizeMachine(spec.vmId, larger, options);
    await one[Symbol.asyncDispose]();
    const next = driver();
    expect(await shapeOf(next, spec)).toMatchObject(larger);

    if (next.capabilities.supportsSnapshots) {
      await next.suspendMachine(spec.vmId, options);
      await next.wakeMachine({ ...spec, spec: { ...spec.spec, ...larger } }, options);
      expect(await shapeOf(next, spec)).toMatchObject(larger);
    }

    await next.endMachine(spec.vmId, options);
    const { diskGib } = larger;
    const again = { ...spec, incarnation: spec.incarnation + 1, spec: { ...spec.spec, diskGib } };
    await next.startMachine(again, options);
    const { vcpuCount, memoryMib } = spec.spec;
    expect(await shapeOf(next, spec)).toMatchObject({ vcpuCount, memoryMib, diskGib });
  });

  test('without a machine there is nothing to make larger', async ({ skip }) => {
    const { one, spec, larger } = await begin((note) => skip(note));
    if (one.capabilities.supportsSnapshots) await one.suspendMachine(spec.vmId, options);
    else await one.endMachine(spec.vmId, options);
    await expect(one.resizeMachine(spec.vmId, larger, options)).rejects.toMatchObject(NO_MACHINE);
    await one.endMachine(spec.vmId, options);

    await expect(one.resizeMachine(spec.vmId, larger, options)).rejects.toMatchObject(NO_MACHINE);
  });
}

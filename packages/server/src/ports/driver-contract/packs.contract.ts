import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { idFromUuid } from '../../domain/ids.ts';
import type { DiskSpec, Driver } from '../driver.ts';
import type { MachinePacks, Pack } from '../machine-packs.ts';
import type { DriverContext } from './subject.contract.ts';

const PACK_BYTES = 4096;

/** `packs`: of drivers whose machines can be given any. */
export function packLaws({ driver, machine, options }: DriverContext): void {
  let directory = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'packs-'));
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  function makePack(name: string): Pack {
    const content = randomBytes(PACK_BYTES);
    const digest = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(directory, digest), content, { mode: 0o444 });
    return { name, version: '1', digest, path: join(directory, digest) };
  }

  function packsOf(one: Driver): MachinePacks {
    if (one.packs === null) throw new Error('this driver gives its machines no packs');
    return one.packs;
  }

  async function started(one: Driver, spec: DiskSpec): Promise<MachinePacks> {
    await one.createDisk(spec, options);
    await one.startMachine(spec, options);
    return packsOf(one);
  }

  const untold = async (): Promise<void> => undefined;
  const digestsOf = (packs: readonly { readonly digest: string }[]): readonly string[] =>
    packs.map(({ digest }) => digest);

  test('a machine has the packs that it was given, each at a place of its own, and its guest was told before', async () => {
    const one = driver();
    const spec = machine();
    const packs = await started(one, spec);
    const given = [makePack('one'), makePack('two')];
    const seen: number[] = [];

    await packs.attach(spec.vmId, given, {
      ...options,
      tell: async (all) => {
        seen.push(all.length, (await packs.attached(spec.vmId)).length);
      },
    });

    const attached = await packs.attached(spec.vmId);
    const { machine: observed } = await one.inspect(spec.vmId, options);
    expect(seen).toEqual([2, 0]);
    expect(digestsOf(attached)).toEqual(digestsOf(given));
    expect(new Set(attached.map(({ offsetBytes }) => offsetBytes)).size).toBe(2);
    expect(observed).toMatchObject({ kind: 'running', packs: digestsOf(given) });
    expect(await packs.kept(spec.vmId)).toHaveLength(2);
  });

  test('what it has already is not given again, and one that is added changes no other', async () => {
    const one = driver();
    const spec = machine();
    const packs = await started(one, spec);
    const [first, second] = [makePack('one'), makePack('two')];
    await packs.attach(spec.vmId, [first], { ...options, tell: untold });
    const before = await packs.attached(spec.vmId);
    const refuse = (): Promise<never> => Promise.reject(new Error('told again'));

    await packs.attach(spec.vmId, [first], { ...options, tell: refuse });
    await packs.attach(spec.vmId, [second], { ...options, tell: untold });

    expect((await packs.attached(spec.vmId)).slice(0, 1)).toEqual(before);
    expect(digestsOf(await packs.attached(spec.vmId))).toEqual(digestsOf([first, second]));
  });

  test('a guest that could not be told has none', async () => {
    const one = driver();
    const spec = machine();
    const packs = await started(one, spec);
    const tell = (): Promise<never> => Promise.reject(new Error('it does not listen'));

    await expect(packs.attach(spec.vmId, [makePack('one')], { ...options, tell })).rejects.toThrow('does not listen');

    expect(await packs.attached(spec.vmId)).toEqual([]);
  });

  test('they stay while it is suspended and woken, in what is made of it, and with the next server', async () => {
    const before = driver();
    const spec = machine();
    const given = [makePack('one')];
    await (await started(before, spec)).attach(spec.vmId, given, { ...options, tell: untold });
    const id = idFromUuid('snap', randomUUIDv7());
    await before.saveMachine(spec.vmId, id, options);
    await before.suspendMachine(spec.vmId, options);
    await before[Symbol.asyncDispose]();
    const after = driver();

    await after.wakeMachine(spec, options);
    const fork = { ...machine(), from: { kind: 'snapshot', id } } as const;
    await started(after, fork);
    await after.deleteSaved(id, options);

    for (const { vmId } of [spec, fork]) {
      expect(digestsOf(await packsOf(after).attached(vmId))).toEqual(digestsOf(given));
      expect(await packsOf(after).kept(vmId)).toEqual(digestsOf(given));
    }
  });

  test('another life begins without, and can be given what the VM has kept', async () => {
    const one = driver();
    const spec = machine();
    const packs = await started(one, spec);
    const pack = makePack('one');
    await packs.attach(spec.vmId, [pack], { ...options, tell: untold });
    await one.endMachine(spec.vmId, options);
    await one.startMachine({ ...spec, incarnation: 2 }, options);

    expect(await packs.attached(spec.vmId)).toEqual([]);
    await packs.attach(spec.vmId, [{ ...pack, path: null }], { ...options, tell: untold });

    expect(digestsOf(await packs.attached(spec.vmId))).toEqual([pack.digest]);
  });

  test('one that begins from a warm template, or was made ahead, has from the start what it is started with', async ({
    skip,
  }) => {
    const one = driver();
    if (one.warm === null) return skip('machines of this driver always boot');
    const { key } = await one.warm.build(machine(), options);
    const [begun, made] = [{ ...machine(), from: { kind: 'warm', key } } as const, machine()];
    const given = [makePack('one'), makePack('two')];
    const { vmId, incarnation, spec, image } = made;
    await one.createDisk(begun, options);
    await one.warm.startSpare({ vmId, incarnation, spec, image }, { ...options, key });

    for (const each of [begun, made]) {
      const gone = { ...makePack('gone'), path: null };
      await expect(one.startMachine({ ...each, packs: [gone] }, options)).rejects.toMatchObject({
        reason: 'driver.pack_gone',
      });
      await one.startMachine({ ...each, packs: given }, options);

      const { machine: observed } = await one.inspect(each.vmId, options);
      expect(observed).toMatchObject({ kind: 'running', packs: digestsOf(given) });
      expect(digestsOf(await packsOf(one).attached(each.vmId))).toEqual(digestsOf(given));
      expect((await packsOf(one).kept(each.vmId)).toSorted()).toEqual(digestsOf(given).toSorted());
    }
  });

  test('without a machine, or without the file, there is nothing to give', async () => {
    const one = driver();
    const spec = machine();
    await one.createDisk(spec, options);
    const packs = packsOf(one);
    await expect(packs.attach(spec.vmId, [makePack('one')], { ...options, tell: untold })).rejects.toMatchObject({
      reason: 'driver.no_machine',
    });
    await one.startMachine(spec, options);

    const gone = { ...makePack('one'), path: null };
    await expect(packs.attach(spec.vmId, [gone], { ...options, tell: untold })).rejects.toMatchObject({
      code: 'unavailable',
      reason: 'driver.pack_gone',
    });

    expect(await packs.attached(spec.vmId)).toEqual([]);
  });
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idFromUuid, type VmId, type VolumeId } from '../../domain/ids.ts';
import { VOLUME_STATES, type Volume, type VolumeOrigin } from '../../domain/volume/volume.ts';
import { type MakeStore, outcomes, refusal, walkPages, withStore } from './fixture.contract.ts';
import { numberedId, sampleVm } from './samples.contract.ts';

const conflict = refusal('conflict', 'store.revision');
const constraint = refusal('conflict', 'store.constraint');
const taken = refusal('already_exists', 'volume.name_taken', { field: 'name' });
const volumeId = (number: number): VolumeId => numberedId('vol', number);
const vmId = (number: number): VmId => numberedId('vm', number);

/** An empty one of 2 GiB with this number in its id and name, ready. */
export function sampleVolume(number: number, change: Partial<Volume> = {}): Volume {
  return {
    id: volumeId(number),
    name: `volume-${number}`,
    owner: 'ann',
    labels: {},
    sizeGib: 2,
    state: 'ready',
    operationId: null,
    failure: null,
    origin: { kind: 'empty' },
    driver: 'simulated',
    createdAt: 1,
    updatedAt: 2,
    revision: 1,
    ...change,
  };
}

const words = fc.string({ unit: 'binary', maxLength: 12 });
const anyVm = fc.uuid({ version: 7 }).map((uuid) => idFromUuid('vm', uuid));
const anyOrigin: fc.Arbitrary<VolumeOrigin> = fc.oneof(
  fc.constant({ kind: 'empty' as const }),
  fc.record({
    kind: fc.constant('content' as const),
    content: fc.record({
      source: fc.record({ location: words, sha256: words }),
      format: fc.constantFrom('qcow2' as const, 'raw' as const),
      isLocalAllowed: fc.boolean(),
    }),
  }),
  fc.record({ kind: fc.constant('image' as const), image: words }),
  fc.record({
    kind: fc.constant('volume' as const),
    id: fc.uuid({ version: 7 }).map((uuid) => idFromUuid('vol', uuid)),
    name: words,
  }),
  fc.record({
    kind: fc.constant('vm' as const),
    id: anyVm,
    name: words,
    disk: fc.option(words, { nil: null }),
    image: words,
  }),
);
const anyVolume: fc.Arbitrary<Omit<Volume, 'id' | 'name' | 'revision'>> = fc.record({
  owner: words,
  labels: fc.dictionary(
    words.filter((key) => key !== '__proto__'),
    words,
    { noNullPrototype: true, maxKeys: 3 },
  ),
  sizeGib: fc.nat(100_000),
  state: fc.constantFrom(...VOLUME_STATES),
  operationId: fc.option(
    fc.uuid({ version: 7 }).map((uuid) => idFromUuid('op', uuid)),
    { nil: null },
  ),
  failure: fc.option(fc.record({ reason: words, message: words }), { nil: null }),
  origin: anyOrigin,
  driver: words,
  createdAt: fc.nat(),
  updatedAt: fc.nat(),
});

/** What is asked of the table of volumes, and of who has them. */
export function volumeTableContract(make: MakeStore): void {
  describe('volumes', () => {
    it(
      'are read as they were written',
      withStore(make, async ({ volumes }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyVolume, anyVolume, async (any, other) => {
            number += 1;
            const [id, name] = [volumeId(number), `name-${number}`];
            const volume: Volume = { ...any, id, name, revision: 1 };
            await volumes.insert(volume);
            expect(await volumes.get(id)).toEqual(volume);
            expect(await volumes.getByName(name)).toEqual(volume);
            const changed: Volume = { ...other, id, name: `other-${number}`, revision: 2 };
            await volumes.update(changed);
            expect(await volumes.get(id)).toEqual(changed);
          }),
          { numRuns: 60 },
        );
        expect(await volumes.count()).toBe(number);
      }),
    );

    it(
      'have names of their own, and are changed and removed by one of those who read the same revision',
      withStore(make, async ({ volumes }) => {
        await volumes.insert(sampleVolume(1));
        await volumes.insert(sampleVolume(2));
        await expect(volumes.insert(sampleVolume(3, { name: 'volume-1' }))).rejects.toEqual(taken);
        await expect(volumes.update(sampleVolume(2, { name: 'volume-1', revision: 2 }))).rejects.toEqual(taken);

        const { kept, refusals } = await outcomes([
          volumes.update(sampleVolume(1, { sizeGib: 3, revision: 2 })),
          volumes.update(sampleVolume(1, { sizeGib: 4, revision: 2 })),
        ]);

        expect({ kept, refusals }).toEqual({ kept: 1, refusals: [conflict] });
        await expect(volumes.delete(volumeId(1), 1)).rejects.toEqual(conflict);
        await volumes.delete(volumeId(1), 2);
        expect(await volumes.get(volumeId(1))).toBeNull();
      }),
    );

    it(
      'are listed page by page, by owner, by what is to be done, and by the VM that they come from',
      withStore(make, async ({ volumes }) => {
        const origin = { kind: 'vm', id: vmId(7), name: 'vm-7', disk: null, image: 'base' } as const;
        await volumes.insert(sampleVolume(1));
        await volumes.insert(sampleVolume(2, { owner: 'bob', state: 'creating', origin }));
        await volumes.insert(sampleVolume(3, { state: 'deleting' }));
        await volumes.insert(sampleVolume(4, { state: 'failed', origin: { ...origin, disk: 'data' } }));
        const ids = (rows: readonly Volume[]): readonly number[] => rows.map(({ id }) => Number(id.slice(-1)));

        expect(ids(await walkPages((after) => volumes.list({ limit: 2, after })))).toEqual([1, 2, 3, 4]);
        expect(ids(await volumes.list({ limit: 9, after: null, owner: 'bob' }))).toEqual([2]);
        expect(ids(await volumes.listUnsettled())).toEqual([2, 3]);
        expect(ids(await volumes.listKeptOf(vmId(7)))).toEqual([2, 4]);
        expect(await volumes.listKeptOf(vmId(1))).toEqual([]);
      }),
    );

    it(
      'count for their owner and for what is promised of the host, unless they could not be made',
      withStore(make, async ({ volumes, vms }) => {
        const before = (await vms.promised()).diskGib;
        await volumes.insert(sampleVolume(1));
        await volumes.insert(sampleVolume(2, { sizeGib: 5, owner: 'bob' }));
        await volumes.insert(sampleVolume(3, { sizeGib: 7, state: 'creating' }));
        await volumes.insert(sampleVolume(4, { sizeGib: 100, state: 'failed' }));

        expect(await Promise.all(['ann', 'bob', 'cid'].map((owner) => volumes.sizeOf(owner)))).toEqual([9, 5, 0]);
        expect((await vms.promised()).diskGib - before).toBe(14);
      }),
    );

    it(
      'are had by one VM that writes, or by many that read, as long as these are kept',
      withStore(make, async ({ volumes, vms }) => {
        for (const number of [1, 2, 3]) await vms.insert(sampleVm(number));
        await volumes.insert(sampleVolume(1));
        await volumes.insert(sampleVolume(2));
        const has = (vm: number, volume: number, isReadonly: boolean) =>
          volumes.attach({ volumeId: volumeId(volume), vmId: vmId(vm), disk: 'data', isReadonly });

        await has(1, 1, false);
        await expect(has(2, 1, false)).rejects.toEqual(constraint);
        await has(3, 2, true);
        await has(1, 2, true);
        await expect(has(1, 2, true)).rejects.toEqual(constraint);

        expect(await volumes.holdersOf(volumeId(2))).toEqual([
          { volumeId: volumeId(2), vmId: vmId(1), disk: 'data', isReadonly: true, vmName: 'vm-1' },
          { volumeId: volumeId(2), vmId: vmId(3), disk: 'data', isReadonly: true, vmName: 'vm-3' },
        ]);
        await volumes.detach(volumeId(2), vmId(3));
        await volumes.detach(volumeId(2), vmId(3));
        expect((await volumes.holdersOf(volumeId(2))).map((holder) => holder.vmId)).toEqual([vmId(1)]);
        await expect(volumes.delete(volumeId(1), 1)).rejects.toEqual(constraint);
        await vms.delete(vmId(1), 1);
        expect(await volumes.holdersOf(volumeId(1))).toEqual([]);
        await volumes.delete(volumeId(1), 1);
        await volumes.delete(volumeId(2), 1);
      }),
    );
  });
}

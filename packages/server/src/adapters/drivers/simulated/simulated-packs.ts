import { VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import { type AttachedPack, type MachinePacks, MOST_PACKS, type Pack } from '../../../ports/machine-packs.ts';
import type { KeyedLock } from '../../shared/keyed-lock.ts';
import type { SimulatedVm } from './simulated-vm.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const SLOT_BYTES = 16 * 1024 ** 3;
/** Nobody reads its bytes. */
const PACK_BYTES = 4096;

/** Packs of simulated machines: what is known of them, without their content. */
export function createSimulatedPacks(
  world: SimulatedWorld,
  { lock, requireMachine }: { readonly lock: KeyedLock; readonly requireMachine: (vmId: VmId) => SimulatedVm },
): MachinePacks {
  return {
    diskSerial: 'simulated-packs',
    attach: (vmId, wanted, { tell, signal }) =>
      lock.run(vmId, async () => {
        signal.throwIfAborted();
        const vm = requireMachine(vmId);
        if (wanted.every(({ digest }) => vm.packs.some((pack) => pack.digest === digest))) return;
        world.faults.fail(vmId, 'attach');
        const packs = placePacks(vm, wanted);
        await tell(packs);
        requireMachine(vmId).attach(packs);
      }),
    kept: async (vmId) => world.vms.get(vmId)?.keptPacks ?? [],
    attached: async (vmId) => world.vms.get(vmId)?.packs ?? [],
  };
}

/** All that the machine has when it has been given these. Throws as `MachinePacks.attach`. */
export function placePacks(vm: SimulatedVm, wanted: readonly Pack[]): readonly AttachedPack[] {
  const packs = [...vm.packs];
  for (const pack of wanted)
    if (packs.every(({ digest }) => digest !== pack.digest)) packs.push(place(pack, packs, vm.keptPacks));
  return packs;
}

function place(
  { name, version, digest, path }: Pack,
  packs: readonly AttachedPack[],
  kept: readonly string[],
): AttachedPack {
  if (path === null && !kept.includes(digest)) {
    throw new VolaryError('unavailable', `The pack of ${name} ${version} was removed before the VM had it.`, {
      reason: 'driver.pack_gone',
      details: { tool: name, version },
    });
  }
  if (packs.length >= MOST_PACKS) {
    throw new VolaryError('resource_exhausted', `A machine can have ${MOST_PACKS} packs in its life. Restart the VM.`, {
      reason: 'driver.too_many_packs',
      details: { maximum: MOST_PACKS },
    });
  }
  const place = packs.length + 1;
  return { name, version, digest, place, offsetBytes: packs.length * SLOT_BYTES, sizeBytes: PACK_BYTES };
}

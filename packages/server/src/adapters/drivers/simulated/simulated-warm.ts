import { createHash, randomUUIDv7 } from 'node:crypto';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DiskSpec, WarmTemplate, WarmTemplates } from '../../../ports/driver.ts';
import type { KeyedLock } from '../../shared/keyed-lock.ts';
import { NO_FAULTS } from './fault-ledger.ts';
import { type SavedVm, summarise } from './saved-vm.ts';
import { SimulatedVm } from './simulated-vm.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Part of each key: raised when templates are made in another way. */
const FORMAT = 1;

/** The warm templates of a simulated host; `lock`: of the driver, by VM. */
export function createSimulatedWarm(world: SimulatedWorld, lock: KeyedLock): WarmTemplates {
  const lookUp = (key: string): WarmTemplate | null => {
    const saved = world.templates.find(key);
    return saved === null ? null : toTemplate(key, saved);
  };

  return {
    find: async (machine) => lookUp(keyOf(machine)),
    build: (machine, { signal, onProgress }) =>
      lock.run(`template ${keyOf(machine)}`, async () => {
        signal.throwIfAborted();
        const key = keyOf(machine);
        const present = lookUp(key);
        if (present !== null) return present;
        onProgress?.('a guest boots');
        const { templateDelayMs, templatesDamaged } = world.faults.plan(machine.vmId);
        if (templateDelayMs > 0) await world.clock.sleep(templateDelayMs, { signal });
        world.faults.fail(machine.vmId, 'template');
        onProgress?.('it is saved');
        return toTemplate(key, world.templates.keep(key, { ...boot(world, machine), isDamaged: templatesDamaged }));
      }),
    startSpare: ({ vmId, ...machine }, { key, signal }) =>
      lock.run(vmId, async () => {
        signal.throwIfAborted();
        const saved = openTemplate(world, key);
        const vm = world.make(vmId, saved.imageDigest, { isSpare: true });
        if (vm.machine === null) vm.startSpare({ ...machine, vmId, name: 'spare', labels: {} }, saved);
      }),
    list: async () => world.templates.ids().flatMap((key) => lookUp(key) ?? []),
    async remove(key) {
      world.templates.remove(key);
    },
  };
}

/** The template that a machine is about to begin from, unaltered. Throws `data_loss` snapshot.damaged, snapshot.lost. */
export function openTemplate(world: SimulatedWorld, key: string): SavedVm {
  const { digest: _digest, version: _version, ...saved } = world.templates.open(key);
  return world.templates.keep(key, { ...saved, usedAt: world.clock.now() });
}

function keyOf({ spec, image }: DiskSpec): string {
  const { vcpuCount, memoryMib, diskGib, network } = spec;
  const parts = [FORMAT, vcpuCount, memoryMib, diskGib, network.mode, image.digest];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

/** What a guest of this kind is when it has booted, whom nobody sees: it is not of this host's VMs. */
function boot({ clock }: SimulatedWorld, { spec, image }: DiskSpec): Omit<SavedVm, 'version' | 'digest' | 'isDamaged'> {
  const ignore = (): void => undefined;
  const vmId = idFromUuid('vm', randomUUIDv7());
  const about = { vmId, imageDigest: image.digest, isSpare: false, clock, onChange: ignore, onKeep: ignore };
  const vm = new SimulatedVm(about, null, NO_FAULTS);
  vm.start({ vmId, name: 'template', incarnation: 1, spec, labels: {} }, NO_FAULTS, null);
  const saved = vm.save();
  vm.clear();
  if (saved === null) throw new TypeError('a machine that was just started can be saved');
  return saved;
}

function toTemplate(key: string, saved: SavedVm): WarmTemplate {
  const { savedAt: createdAt = 0, usedAt = createdAt } = saved;
  return { key, ...summarise(saved), createdAt, usedAt };
}

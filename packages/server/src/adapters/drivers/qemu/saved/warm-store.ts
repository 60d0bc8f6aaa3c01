import { join } from 'node:path';
import { VolaryError } from '../../../../domain/errors.ts';
import type { DiskSpec, WarmTemplate, WarmTemplates } from '../../../../ports/driver.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { isUnreadable } from '../../../shared/read-facts.ts';
import { identityOf } from '../../../shared/vm-identity.ts';
import type { AcceleratorChooser } from '../accelerator.ts';
import { requireDirect } from '../direct-image.ts';
import { withKvmGroups } from '../kvm-device.ts';
import type { QemuDriverDeps } from '../qemu-config.ts';
import type { QemuProgram } from '../qemu-program.ts';
import type { SavedStore } from './saved-store.ts';
import { type SpareMaker, startSpare } from './start-spare.ts';
import { buildWarmTemplate, type WarmHost, warmKeyOf } from './warm-templates.ts';

export interface WarmStoreDeps {
  readonly config: QemuDriverDeps;
  readonly saved: SavedStore;
  readonly findQemu: (options: Abortable) => Promise<QemuProgram>;
  readonly accelerators: AcceleratorChooser;
  readonly spares: SpareMaker;
}

/** The warm templates of one cache. */
export function createWarmStore({ config, saved, findQemu, accelerators, spares }: WarmStoreDeps): WarmTemplates {
  async function hostFor({ image }: DiskSpec, options: Abortable) {
    const program = await findQemu(options);
    const { accelerator, kvm } = await accelerators.choose(program, requireDirect(image), options);
    if (accelerator.kind === 'none') {
      throw new VolaryError('failed_precondition', accelerator.explanation, { reason: 'driver.no_accelerator' });
    }
    const host: WarmHost = { program, accelerator: accelerator.kind };
    const identity = identityOf('template', []);
    return { host, identity: accelerator.kind === 'kvm' ? withKvmGroups(identity, kvm) : identity };
  }

  async function lookUp(key: string): Promise<WarmTemplate | null> {
    const machine = await saved.summary(key);
    return machine === null ? null : { key, ...machine };
  }

  /** One that cannot be read keeps nobody from the others, and is removed by nobody who does not know of it. */
  async function lookUpIfReadable(key: string): Promise<WarmTemplate | null> {
    return await lookUp(key).catch((error: unknown) => {
      if (!isUnreadable(error)) throw error;
      config.log.warn('a warm template cannot be read now', { key, error });
      return null;
    });
  }

  return {
    async find(machine, options) {
      // What starts by firmware begins with a boot.
      if (machine.image.boot === 'firmware') return null;
      const { host } = await hostFor(machine, options);
      return await lookUp(warmKeyOf(machine, machine.image, host));
    },
    async build(machine, { signal, onProgress = () => undefined }) {
      const { host, identity } = await hostFor(machine, { signal });
      const key = warmKeyOf(machine, machine.image, host);
      const { log, connectAgent, cacheDir } = config;
      const parent = join(cacheDir, 'qemu');
      await saved.keep(key, (out) =>
        buildWarmTemplate({ ...host, identity, machine, parent, log, connectAgent, out, signal, onProgress }),
      );
      const template = await lookUp(key);
      if (template === null) throw new TypeError('the template is not where it was just put');
      return template;
    },
    startSpare: (machine, options) => startSpare(spares, machine, options),
    async list() {
      const found = await Promise.all((await saved.list()).map(lookUpIfReadable));
      return found.filter((template) => template !== null);
    },
    async remove(key) {
      // One that cannot be read is missing in the list, and whoever looks there takes it for unneeded: so it stays, with what that throws.
      await lookUp(key);
      await saved.remove(key);
    },
  };
}

import type { VmId } from '../../domain/ids.ts';
import type { Driver, WarmTemplates } from '../../ports/driver.ts';
import { createInstallation, type Installation, type InstallationOptions } from '../installation.test-kit.ts';

/** A simulated host that is watched at what it makes ahead. */
export interface WarmHost {
  /** What each machine that was started began from, as `256 MiB`; null: it has booted. Spares are not among them. */
  readonly begunFrom: (string | null)[];
  /** Machines that wait for their VMs. */
  readonly spares: Set<VmId>;
  /** Resolves when the first template has been made, or could not be. */
  readonly built: Promise<void>;
  readonly wrap: (driver: Driver) => Driver;
}

export interface WarmFaults {
  /** Called at each start from a template. */
  readonly begin?: () => Promise<void>;
  /** Called when a template is made. */
  readonly build?: () => Promise<void>;
  /** Called when a spare is made. */
  readonly make?: (signal: AbortSignal) => Promise<void>;
  /** Called when a spare is given to its VM. */
  readonly give?: () => Promise<void>;
}

/** An installation whose VMs begin warm. */
export function createWarmInstallation(change: NonNullable<InstallationOptions['settings']> = {}): Installation {
  return createInstallation({ settings: change, warm: { isEnabled: true } });
}

export function createWarmHost({ begin, build, make, give }: WarmFaults = {}): WarmHost {
  const begunFrom: (string | null)[] = [];
  const spares = new Set<VmId>();
  const built = Promise.withResolvers<void>();

  const watchTemplates = (templates: WarmTemplates): WarmTemplates => ({
    ...templates,
    async build(machine, options) {
      try {
        await build?.();
        return await templates.build(machine, options);
      } finally {
        built.resolve();
      }
    },
    async startSpare(machine, options) {
      await make?.(options.signal);
      await templates.startSpare(machine, options);
      spares.add(machine.vmId);
    },
  });

  const wrap = (driver: Driver): Driver => ({
    ...driver,
    warm: driver.warm === null ? null : watchTemplates(driver.warm),
    async startMachine(machine, options) {
      if (spares.has(machine.vmId)) {
        await give?.();
        spares.delete(machine.vmId);
      } else {
        const isWarm = machine.from?.kind === 'warm';
        begunFrom.push(isWarm ? `${machine.spec.memoryMib} MiB` : null);
        if (isWarm) await begin?.();
      }
      return await driver.startMachine(machine, options);
    },
    async endMachine(vmId, options) {
      spares.delete(vmId);
      await driver.endMachine(vmId, options);
    },
  });

  return { begunFrom, spares, built: built.promise, wrap };
}

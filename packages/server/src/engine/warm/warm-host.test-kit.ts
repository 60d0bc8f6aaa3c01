import type { VmId } from '../../domain/ids.ts';
import type { DiskSpec, Driver, WarmTemplate } from '../../ports/driver.ts';

/** A host of simulated machines with warm templates that are nothing but their keys. */
export interface WarmHost {
  readonly templates: Map<string, WarmTemplate>;
  /** What each machine that was started began from; null: it has booted. Spares are not among them. */
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
  readonly make?: () => Promise<void>;
  /** Called when a spare is given to its VM. */
  readonly give?: () => Promise<void>;
}

export function createWarmHost({ begin, build, make, give }: WarmFaults = {}): WarmHost {
  const templates = new Map<string, WarmTemplate>();
  const begunFrom: (string | null)[] = [];
  const spares = new Set<VmId>();
  const built = Promise.withResolvers<void>();

  const wrap = (driver: Driver): Driver => ({
    ...driver,
    warm: {
      find: async (machine) => templates.get(keyOf(machine)) ?? null,
      async build(machine) {
        const template = templateFor(machine, keyOf(machine));
        try {
          await build?.();
          templates.set(template.key, template);
          return template;
        } finally {
          built.resolve();
        }
      },
      async startSpare(machine, { signal }) {
        await make?.();
        const spare = { ...machine, name: 'spare', labels: {} };
        await driver.createDisk(spare, { signal });
        await driver.startMachine(spare, { signal });
        await driver.pauseMachine(machine.vmId, { signal });
        spares.add(machine.vmId);
      },
      list: async () => [...templates.values()],
      remove: async (key) => void templates.delete(key),
    },
    async startMachine({ from, ...machine }, options) {
      if (spares.has(machine.vmId)) {
        await give?.();
        spares.delete(machine.vmId);
        await driver.resumeMachine(machine.vmId, options);
      } else {
        begunFrom.push(from?.kind === 'warm' ? from.key : null);
        if (from !== undefined) await begin?.();
      }
      return await driver.startMachine(machine, options);
    },
    async endMachine(vmId, options) {
      spares.delete(vmId);
      await driver.endMachine(vmId, options);
    },
    findAll: async (options) =>
      (await driver.findAll(options)).map((found) => ({ ...found, isSpare: spares.has(found.vmId) })),
  });

  return { templates, begunFrom, spares, built: built.promise, wrap };
}

const keyOf = ({ spec }: DiskSpec): string => `${spec.memoryMib} MiB`;

function templateFor({ spec, image }: DiskSpec, key: string): WarmTemplate {
  const { vcpuCount, memoryMib, diskGib } = spec;
  const sizes = { diskBytes: diskGib * 1024 ** 3, sizeBytes: 1, haltedMs: 1, usedAt: 1 };
  return { key, vcpuCount, memoryMib, imageDigest: image.digest, ...sizes };
}

import type { Principal } from '../../domain/principal/principal.ts';
import type { GrantRequest } from '../../domain/secret/grant.ts';
import { checkExtraDisks, totalDiskGib } from '../../domain/vm/extra-disk.ts';
import type { CreateVmRequest } from '../../domain/vm/vm-request.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { withCloudInit } from '../cloud-init/cloud-init-tool.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallChange } from '../idempotency/recall.ts';
import { permittedDisks, sizedDisks } from '../images/disk-contents.ts';
import type { Accepted, Once } from '../requests.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { grantsFor } from '../secrets/grants.ts';
import { mergeTemplate, requireUsable } from '../templates/merge-template.ts';
import { resolveTools } from '../tools/vm-tools.ts';
import { volumeDisks } from '../volumes/attach-volumes.ts';
import type { Spare } from '../warm/spare-maker.ts';
import type { SparePool } from '../warm/spare-pool.ts';
import type { WarmStarts } from '../warm/warm-starts.ts';
import { withOpenapi } from '../workloads/fetch-openapi.ts';
import { completeSpec } from './complete-spec.ts';
import { checkNewVm, type NewVm, newVm, storeVm } from './new-vm.ts';
import { noteUses } from './note-uses.ts';
import { announce, doneTo, type OperationDeps } from './request-change.ts';

/** What a creation takes of warm starts. */
export interface WarmCreation {
  readonly pool: Pick<SparePool, 'take' | 'putBack'>;
  readonly warm: Pick<WarmStarts, 'requireFor'>;
}

export type CreateDeps = OperationDeps & Pick<EngineDeps, 'images' | 'tools' | 'documents'> & WarmCreation;

/** What is stored together with a VM, in its transaction. */
export interface Beside {
  /** What it is to be named, where that depends on which others there are. */
  readonly nameOf?: (tables: Tables) => Promise<string>;
  readonly write: (tables: Tables, made: Accepted) => Promise<void>;
}

/** Stores a new VM and the operation that makes it. Nothing is stored when it is refused. */
export async function createVm(
  deps: CreateDeps,
  principal: Principal,
  request: CreateVmRequest,
  { once }: Once = {},
): Promise<Accepted> {
  authorise(principal, 'vm:create');
  const earlier = await recallChange(deps, once);
  if (earlier !== null) return earlier;
  return await createVmFor(deps, principal, request, {
    write: async (tables, made) => {
      await recordAudit(tables, deps.clock, principal, doneTo(made));
      await bindKey(tables, deps.clock, once, { kind: 'operation', id: made.operation.id });
    },
  });
}

/** The same for whoever stores something beside it, has asked whether that may be, and writes down who did it. */
export async function createVmFor(
  deps: CreateDeps,
  principal: Principal,
  request: CreateVmRequest,
  beside: Beside,
): Promise<Accepted> {
  const { disks } = request.spec;
  const own = disks === undefined ? {} : { disks: permittedDisks(principal, disks) };
  const permitted = { ...request, spec: { ...request.spec, ...own } };
  const { tools: toolsAsked = [], ...asked } = await mergeTemplate(deps.store, principal, permitted);
  const driver = deps.drivers.require(asked.driver);
  const tools = await resolveTools(deps, driver, toolsAsked);
  checkNewVm(asked);
  const given = { ...(await withOpenapi(deps, principal, asked.spec)), tools };
  const complete = await withCloudInit(deps, driver, await completeSpec(deps, driver, given));
  const ofItself = await sizedDisks(deps.images, complete.disks);
  const volumes = await volumeDisks(deps.store, principal, driver, request.volumes ?? []);
  const spec = { ...complete, disks: [...ofItself, ...volumes] };
  checkExtraDisks(spec.disks);
  // Whoever has more than a root boots: what it would begin from has none of that.
  const isWarm = request.start && request.warmStart !== 'never' && spec.disks.length === 0;
  // A spare has no address: it was made before anybody knew whose it would be.
  const hasSpares = driver === deps.drivers.first && spec.network.mode !== 'bridge';
  const spare = isWarm && hasSpares ? deps.pool.take(spec) : null;
  if (spare === null && request.warmStart === 'require') await deps.warm.requireFor(driver, spec);
  const accepted = await store(deps, principal, { ...asked, spec, origin: null, spare }, beside).catch(
    async (error: unknown) => {
      if (spare !== null) await putBack(deps, spare);
      throw error;
    },
  );
  announce(deps, accepted);
  return accepted;
}

/** Only if no VM has it, which the row alone decides, whatever the error said. One of which that cannot be told is left to the next server. */
async function putBack({ store, pool }: CreateDeps, spare: Spare): Promise<void> {
  const isTaken = await store.vms.get(spare.vmId).then(
    (vm) => vm !== null,
    () => true,
  );
  if (!isTaken) pool.putBack(spare);
}

/** With what is to be looked up together with storing it. */
type AskedVm = Omit<NewVm, 'secrets'> & { readonly secrets?: readonly GrantRequest[] };

async function store(deps: CreateDeps, principal: Principal, request: AskedVm, beside: Beside): Promise<Accepted> {
  return await makingRoom(deps, (facts) =>
    deps.store.transaction(async (tables) => {
      await requireUsable(tables, principal, request.spec);
      const promised = await tables.vms.promised();
      if (request.start) {
        // A machine that is there has its memory already.
        const ownMib = request.spare == null ? 0 : request.spec.memoryMib;
        const memoryAvailableMib = facts.memoryAvailableMib + ownMib;
        admitMemory(request.spec.memoryMib, { ...facts, memoryAvailableMib }, promised, deps.config.limits);
      }
      admitDisk(totalDiskGib(request.spec), facts, promised, deps.config.limits);
      const secrets = await grantsFor(tables, { principal, owner: principal.name }, request.secrets ?? []);
      await noteUses(tables, request.spec, deps.clock.now());
      const name = (await beside.nameOf?.(tables)) ?? request.name;
      const made = newVm(deps, principal, { ...request, name, secrets });
      const accepted = { ...made, vm: await storeVm(deps, tables, principal, made) };
      await beside.write(tables, accepted);
      return accepted;
    }),
  );
}

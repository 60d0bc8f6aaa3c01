import type { Principal } from '../../domain/principal/principal.ts';
import { totalDiskGib } from '../../domain/vm/extra-disk.ts';
import { authorise } from '../access/authorise.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import type { CreateVmRequest } from '../engine.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallChange } from '../idempotency/recall.ts';
import type { Accepted, Once } from '../requests.ts';
import { admitDisk, admitMemory } from '../scheduler/admission.ts';
import { makingRoom } from '../scheduler/make-room.ts';
import { type GrantRequest, grantsFor } from '../secrets/grants.ts';
import { mergeTemplate, requireUsable } from '../templates/merge-template.ts';
import { resolveTools } from '../tools/vm-tools.ts';
import type { Spare } from '../warm/spare-maker.ts';
import type { SparePool } from '../warm/spare-pool.ts';
import type { WarmStarts } from '../warm/warm-starts.ts';
import { completeSpec } from './complete-spec.ts';
import { checkNewVm, type NewVm, newVm, storeVm } from './new-vm.ts';
import { announce, doneTo, type OperationDeps } from './request-change.ts';

/** What a creation takes of warm starts. */
export interface WarmCreation {
  readonly pool: Pick<SparePool, 'take' | 'putBack'>;
  readonly warm: Pick<WarmStarts, 'requireFor'>;
}

type CreateDeps = OperationDeps & Pick<EngineDeps, 'images' | 'tools'> & WarmCreation;

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
  const { tools: toolsAsked = [], ...asked } = await mergeTemplate(deps.store, principal, request);
  const tools = await resolveTools(deps, toolsAsked);
  const spec = await completeSpec(deps, { ...asked.spec, tools });
  checkNewVm(asked);
  // Whoever has more than a root boots: what it would begin from has none of that.
  const isWarm = request.start && request.warmStart !== 'never' && spec.disks.length === 0;
  const spare = isWarm ? deps.pool.take(spec) : null;
  if (spare === null && request.warmStart === 'require') await deps.warm.requireFor(spec);
  const accepted = await store(deps, principal, { ...asked, spec, origin: null, spare }, once).catch(
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

async function store(deps: CreateDeps, principal: Principal, request: AskedVm, once: Once['once']): Promise<Accepted> {
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
      await tables.images.noteUsed(request.spec.image, deps.clock.now());
      const made = newVm(deps, principal, { ...request, secrets });
      await storeVm(deps, tables, principal, made);
      await recordAudit(tables, deps.clock, principal, doneTo(made));
      await bindKey(tables, deps.clock, once, { kind: 'operation', id: made.operation.id });
      return made;
    }),
  );
}

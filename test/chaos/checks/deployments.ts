import type { Deployment, Vm } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Book, KnownDeployment } from '../book.ts';
import { VERSION } from '../work/deployments.ts';
import { checkPossible, checkWords } from './words.ts';

/** What is looked at of a deployment, and of a VM. */
export type CheckedDeployment = Pick<
  Deployment,
  | 'id'
  | 'name'
  | 'phase'
  | 'replicas'
  | 'current_replicas'
  | 'available_replicas'
  | 'leaving_replicas'
  | 'vms'
  | 'is_paused'
  | 'target_revision'
  | 'stable_revision'
  | 'generation'
  | 'observed_generation'
> & { readonly rollout: Pick<Deployment['rollout'], 'state'> };
export type CheckedReplica = Pick<Vm, 'id' | 'name' | 'phase' | 'deployment' | 'environment'>;

/** Deployments, and what their revisions tell VMs, by id and number. */
export interface SeenDeployments {
  readonly deployments: readonly CheckedDeployment[];
  readonly versions: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

export async function listDeployments(client: VolaryClient): Promise<readonly Deployment[]> {
  const deployments: Deployment[] = [];
  for await (const deployment of client.deployments.listAll()) deployments.push(deployment);
  return deployments;
}

/** With their revisions. Nothing is under way. */
export async function readDeployments(client: VolaryClient): Promise<SeenDeployments> {
  const deployments = await listDeployments(client);
  const versions = new Map<string, ReadonlyMap<number, string>>();
  for (const { id } of deployments) {
    const { items } = await client.deployments.revisions(id, { limit: 100 });
    versions.set(id, new Map(items.map(({ number, replica }) => [number, versionIn(replica)])));
  }
  return { deployments, versions };
}

function versionIn({ environment }: Readonly<Record<string, unknown>>): string {
  const isMap = typeof environment === 'object' && environment !== null && VERSION in environment;
  return isMap ? String(environment[VERSION]) : 'none';
}

/** Why this one is not as it is wanted yet; null: it is, or will be only when somebody lets it go on. */
export function whyUnsettled(deployment: CheckedDeployment): string | null {
  const { name, phase, replicas, is_paused: isPaused, rollout } = deployment;
  const isLookedAt = deployment.observed_generation === deployment.generation;
  const isFull = deployment.current_replicas === replicas && deployment.available_replicas === replicas;
  const isOver = rollout.state === 'complete' || isPaused;
  if (phase !== 'deleting' && isLookedAt && isFull && isOver && deployment.leaving_replicas === 0) return null;
  return `${name} is ${phase}, ${rollout.state}, with ${deployment.available_replicas} of ${replicas}`;
}

/** Why one whose load says how many there are has not come to that yet; null: it has, or nobody says so but clients. */
export function whyNotScaled(
  { deployments }: Pick<Book, 'deployments'>,
  { name, replicas }: Pick<CheckedDeployment, 'name' | 'replicas'>,
): string | null {
  const settlesAt = deployments.find((entry) => entry.name === name)?.settlesAt ?? null;
  return settlesAt === null || settlesAt === replicas ? null : `${name} has ${replicas} replicas, and not ${settlesAt}`;
}

/** What is wrong with deployments and their VMs, one sentence each. Nothing is under way. */
export function checkDeployments(
  book: Pick<Book, 'deployments'>,
  { deployments, versions }: SeenDeployments,
  vms: readonly CheckedReplica[],
): readonly string[] {
  const known = new Map(book.deployments.map((entry) => [entry.name, entry]));
  const ids = new Set(deployments.map(({ id }) => id));
  const names = deployments.map(({ name }) => name);
  return [
    ...checkWords('deployment', book.deployments, names),
    ...vms.flatMap(({ name, deployment }) =>
      deployment === null || ids.has(deployment.id) ? [] : [`a replica of a deployment that is gone: ${name}`],
    ),
    ...deployments.flatMap((deployment) => {
      const told = versions.get(deployment.id) ?? new Map();
      const own = vms.filter((vm) => vm.deployment?.id === deployment.id);
      const entry = known.get(deployment.name);
      return [
        ...(entry === undefined ? [] : checkWishes(entry, deployment, told)),
        ...checkReplicas(deployment, own, told),
      ];
    }),
  ];
}

/** What is wanted is what clients have asked for. */
function checkWishes(
  entry: KnownDeployment,
  { name, replicas, is_paused: isPaused, target_revision: target }: CheckedDeployment,
  told: ReadonlyMap<number, string>,
): readonly string[] {
  const isOtherTarget = entry.target !== null && entry.target !== target;
  const faults = [
    ...checkPossible(`replicas of ${name}`, entry.settlesAt === null ? entry.replicas : [entry.settlesAt], replicas),
    ...checkPossible(`is_paused of ${name}`, entry.isPaused, isPaused),
    ...(isOtherTarget ? [`${name} wants revision ${target}, and was asked for ${entry.target}`] : []),
    ...[...told].flatMap(([number, version]) => {
      const asked = entry.versions.get(number);
      return asked === undefined || asked === version ? [] : [`revision ${number} of ${name} has ${version}`];
    }),
  ];
  entry.target = target;
  return faults;
}

/** As many as are wanted run, numbered from 1 on, each made from its revision. */
function checkReplicas(
  deployment: CheckedDeployment,
  own: readonly CheckedReplica[],
  told: ReadonlyMap<number, string>,
): readonly string[] {
  const { name, replicas, rollout, target_revision: target } = deployment;
  const unsettled = whyUnsettled(deployment);
  const wanted = Array.from({ length: replicas }, (_, index) => `${name}-${index + 1}`).join();
  const found = own
    .toSorted((a, b) => (a.deployment?.index ?? 0) - (b.deployment?.index ?? 0))
    .map((vm) => vm.name)
    .join();
  return [
    ...(unsettled === null ? [] : [`unsettled: ${unsettled}`]),
    ...(found === wanted ? [] : [`${name} has the VMs [${found}] and not [${wanted}]`]),
    ...(deployment.vms.join() === wanted ? [] : [`${name} tells of the VMs [${deployment.vms.join()}]`]),
    ...(rollout.state === 'complete' && deployment.stable_revision !== target
      ? [`${name} has rolled out ${target}, and revision ${deployment.stable_revision} is stable`]
      : []),
    ...own.flatMap((vm) => checkReplica(deployment, vm, told)),
  ];
}

function checkReplica(
  { name, rollout, target_revision: target }: CheckedDeployment,
  vm: CheckedReplica,
  told: ReadonlyMap<number, string>,
): readonly string[] {
  const { index = 0, revision = 0 } = vm.deployment ?? {};
  const version = vm.environment[VERSION];
  // What is kept of revisions is bounded, and a paused rollout may have left replicas of each.
  const isForgotten = rollout.state !== 'complete' && !told.has(revision);
  return [
    ...(vm.name === `${name}-${index}` ? [] : [`${vm.name} is replica ${index} of ${name}`]),
    ...(vm.phase === 'running' ? [] : [`${vm.name} is ${vm.phase}`]),
    ...(rollout.state === 'complete' && revision !== target ? [`${vm.name} is of revision ${revision}`] : []),
    ...(isForgotten || told.get(revision) === version
      ? []
      : [`${vm.name} has ${version}, and revision ${revision} ${told.get(revision)}`]),
  ];
}

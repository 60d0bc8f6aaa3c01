/** What clients do with deployments: create, scale, roll out, roll back, restart, pause and delete them. */
import type { Deployment } from '@volary/contract';
import { VolaryApiError } from '@volary/sdk';
import { free, type KnownDeployment, possible } from '../book.ts';
import { alone, answered, changed, noted, type WorkDeps } from './asking.ts';
import { keptPlace, type Place } from './networks.ts';

/** The variable by which replicas of one revision differ from those of another. */
export const VERSION = 'CHAOS_VERSION';
/** As quick as it can be. Real guests have nothing to do, simulated ones what their label says. */
const SCALING = { metric: 'cpu', target_percent: 60, scale_up_seconds: 1, scale_down_seconds: 1 } as const;
/** Half of those who have asked for something wait for it, so long at most. */
const WAIT_SECONDS = 5;

/** Asks for something of a deployment, or for another one. */
export async function workOnDeployments(deps: WorkDeps): Promise<void> {
  const { book, random, bounds } = deps;
  const place = await keptPlace(deps);
  const entry = random.pick(free(book.deployments));
  const isRoom = possible(book.deployments).length < bounds.mostDeployments;
  if (entry === undefined || (isRoom && random.isTrue(0.3)))
    return isRoom ? await createDeployment(deps, place) : undefined;
  const dice = random.next();
  await alone(entry, async () => {
    if (dice < 0.35) await (entry.settlesAt === null ? scale(deps, entry) : restart(deps, entry));
    else if (dice < 0.55) await rollOut(deps, entry);
    else if (dice < 0.65) await rollBack(deps, entry);
    else if (dice < 0.7) await restart(deps, entry);
    else if (dice < 0.8) await pauseOrGoOn(deps, entry);
    else await deleteDeployment(deps, entry);
  });
}

async function createDeployment(deps: WorkDeps, place: Place): Promise<void> {
  const { client, book, random, bounds, signal } = deps;
  const version = `v${book.nextNumber()}`;
  const isScaled = bounds.mostReplicas > 1 && random.isTrue(0.3);
  // None of none is measured.
  const replicas = isScaled ? 1 + random.below(bounds.mostReplicas) : random.below(bounds.mostReplicas + 1);
  const isBusy = random.isTrue(0.5);
  const entry: KnownDeployment = {
    ...{ name: `d${book.nextNumber()}`, creation: 'asked', deletion: null, isBusy: true },
    settlesAt: isScaled ? (isBusy && bounds.isSimulated ? bounds.mostReplicas : 1) : null,
    ...{ replicas: [replicas], isPaused: [false], versions: new Map([[1, version]]), target: 1 },
  };
  book.deployments.push(entry);
  const request = {
    ...{ name: entry.name, replicas },
    ...(isScaled ? { autoscaling: { ...SCALING, min_replicas: 1, max_replicas: bounds.mostReplicas } } : {}),
    strategy: random.pick([{}, { max_surge: 0, max_unavailable: 1 }, { max_surge: 2 }]) ?? {},
    replica: {
      memory_mib: 128,
      environment: { [VERSION]: version },
      ...(random.isTrue(0.6) ? place : {}),
      ...(isScaled && isBusy ? { labels: { 'simulate.cpu_percent': '100' } } : {}),
    },
  };
  await alone(entry, async () => {
    await answered(book, `create ${entry.name} with ${replicas}`, entry, 'creation', () =>
      client.deployments.create(request, { signal }),
    );
    await waitForIt(deps, entry);
  });
}

async function scale(deps: WorkDeps, entry: KnownDeployment): Promise<void> {
  const { client, book, random, bounds, signal } = deps;
  const to = random.below(bounds.mostReplicas + 1);
  await changed(book, `scale ${entry.name} to ${to}`, { of: entry.replicas, to }, () =>
    client.deployments.scale(entry.name, to, { signal }),
  );
  await waitForIt(deps, entry);
}

async function rollOut(deps: WorkDeps, entry: KnownDeployment): Promise<void> {
  const { client, book, signal } = deps;
  const version = `v${book.nextNumber()}`;
  const answer = await aim(entry, () =>
    noted(book, `roll out ${version} in ${entry.name}`, () =>
      client.deployments.update(entry.name, { replica: { environment: { [VERSION]: version } } }, { signal }),
    ),
  );
  entry.versions.set(answer.target_revision, version);
  await waitForIt(deps, entry);
}

async function rollBack(deps: WorkDeps, entry: KnownDeployment): Promise<void> {
  const { client, book, signal } = deps;
  await aim(entry, () =>
    noted(book, `roll back ${entry.name}`, () => client.deployments.rollBack(entry.name, undefined, { signal })),
  );
  await waitForIt(deps, entry);
}

async function restart(deps: WorkDeps, entry: KnownDeployment): Promise<void> {
  const { client, book, signal } = deps;
  await aim(entry, () =>
    noted(book, `restart ${entry.name}`, () => client.deployments.restart(entry.name, { signal })),
  );
  await waitForIt(deps, entry);
}

async function pauseOrGoOn(deps: WorkDeps, entry: KnownDeployment): Promise<void> {
  const { client, book, signal } = deps;
  const to = entry.isPaused.at(-1) !== true;
  await changed(book, `${to ? 'pause' : 'go on with'} ${entry.name}`, { of: entry.isPaused, to }, () =>
    client.deployments.update(entry.name, { is_paused: to }, { signal }),
  );
  await waitForIt(deps, entry);
}

async function deleteDeployment({ client, book, signal }: WorkDeps, entry: KnownDeployment): Promise<void> {
  entry.deletion = 'asked';
  await answered(book, `delete ${entry.name}`, entry, 'deletion', () =>
    client.deployments.delete(entry.name, { signal }),
  );
}

/** Asks for what ends in another revision being wanted; without an answer nobody knows which. */
async function aim(entry: KnownDeployment, ask: () => Promise<Deployment>): Promise<Deployment> {
  const before = entry.target;
  entry.target = null;
  try {
    const answer = await ask();
    entry.target = answer.target_revision;
    return answer;
  } catch (error) {
    if (error instanceof VolaryApiError) entry.target = before;
    throw error;
  }
}

/** One that is paused comes to no end by itself. */
async function waitForIt({ client, random, signal }: WorkDeps, { name, isPaused }: KnownDeployment): Promise<void> {
  if (isPaused.includes(true) || random.isTrue(0.5)) return;
  await client.deployments.wait(name, { timeoutSeconds: WAIT_SECONDS }, { signal });
}

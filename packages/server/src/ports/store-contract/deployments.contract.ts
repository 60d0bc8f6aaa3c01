import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCALING_METRICS } from '../../domain/deployment/autoscaling.ts';
import {
  CONDITION_TYPES,
  DEPLOYMENT_PHASES,
  type Deployment,
  type DeploymentRevision,
  ROLLOUT_STATES,
} from '../../domain/deployment/deployment.ts';
import { RESTART_POLICIES } from '../../domain/vm/restarts.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import { WARM_STARTS } from '../../domain/vm/warm-start.ts';
import { anyGrant, anyStoredSpec, moment, object, orNull, small, texts, words } from './arbitraries.contract.ts';
import { sampleDeployment, sampleDeploymentRevision } from './deployment-samples.contract.ts';
import { type MakeStore, refusal, withStore } from './fixture.contract.ts';
import { numberedId, sampleVm } from './samples.contract.ts';

const anyAmount = fc.oneof(
  fc.record({ kind: fc.constant('count' as const), count: small }),
  fc.record({ kind: fc.constant('percent' as const), percent: small }),
);

/** Any deployment; whoever stores it gives it an id, a name and a revision. */
const anyDeployment: fc.Arbitrary<Omit<Deployment, 'id' | 'name' | 'revision'>> = fc.record({
  owner: words,
  description: words,
  labels: texts,
  replicas: small,
  strategy: fc.record({
    maxSurge: anyAmount,
    maxUnavailable: anyAmount,
    minReadySeconds: small,
    progressDeadlineSeconds: small,
  }),
  autoscaling: orNull(
    fc.record({
      minReplicas: small,
      maxReplicas: small,
      metric: fc.constantFrom(...SCALING_METRICS),
      targetPercent: small,
      tolerancePercent: small,
      scaleUpSeconds: small,
      scaleDownSeconds: small,
    }),
  ),
  isPaused: fc.boolean(),
  isDeleting: fc.boolean(),
  target: small,
  stable: small,
  rollout: fc.record({
    state: fc.constantFrom(...ROLLOUT_STATES),
    startedAt: moment,
    progressedAt: moment,
    message: orNull(words),
  }),
  backoffs: fc.array(fc.record({ index: small, failures: small, retryAt: moment, message: words }), { maxLength: 3 }),
  status: fc.record({
    phase: fc.constantFrom(...DEPLOYMENT_PHASES),
    observedGeneration: small,
    replicas: small,
    updated: small,
    ready: small,
    available: small,
    leaving: small,
    vms: fc.array(words, { maxLength: 3 }),
    conditions: fc.array(
      fc.record({
        type: fc.constantFrom(...CONDITION_TYPES),
        isTrue: fc.boolean(),
        reason: words,
        message: words,
        since: moment,
      }),
      { maxLength: 3 },
    ),
  }),
  generation: small,
  createdAt: moment,
  updatedAt: moment,
});

const specFields = {
  image: words,
  vcpuCount: small,
  memoryMib: small,
  diskGib: small,
  network: fc.record({ mode: fc.constantFrom('user' as const, 'none' as const), egress: fc.constant('deny' as const) }),
  restartPolicy: fc.constantFrom(...RESTART_POLICIES),
  autoSuspend: orNull(fc.record({ idleSeconds: small, cpuBelowPercent: small })),
  autoWake: fc.boolean(),
  ...anyStoredSpec,
};

const anyRevision: fc.Arbitrary<Omit<DeploymentRevision, 'deploymentId' | 'number'>> = fc.record({
  at: moment,
  author: words,
  cause: fc.oneof(
    fc.record({ kind: fc.constantFrom('created' as const, 'changed' as const, 'restarted' as const) }),
    fc.record({ kind: fc.constant('rolled-back' as const), from: small }),
  ),
  content: fc.record({
    asked: fc.record({
      template: orNull(words),
      driver: orNull(words),
      spec: fc.record(specFields, { requiredKeys: [] }),
      tools: fc.array(words, { maxLength: 3 }),
      labels: texts,
    }),
    driver: words,
    spec: fc.record(specFields),
    labels: texts,
    metadata: object,
    secrets: fc.array(anyGrant, { maxLength: 3 }),
    warmStart: fc.constantFrom(...WARM_STARTS),
  }),
});

/** What is asked of the table of deployments. */
export function deploymentTableContract(make: MakeStore): void {
  describe('deployments', () => {
    it(
      'are read as they were written, with their revisions',
      withStore(make, async ({ deployments }) => {
        let number = 0;
        await fc.assert(
          fc.asyncProperty(anyDeployment, anyDeployment, anyRevision, async (any, change, revision) => {
            number += 1;
            const fixed = { id: numberedId('dep', number), name: `name ${number}` };
            await deployments.insert({ ...any, ...fixed, revision: 1 });
            expect(await deployments.get(fixed.id)).toEqual({ ...any, ...fixed, revision: 1 });
            const changed = { ...change, ...fixed, revision: 2 };
            await deployments.update(changed);
            expect(await deployments.getByName(fixed.name)).toEqual(changed);
            const stored = { ...revision, deploymentId: fixed.id, number };
            await deployments.insertRevision(stored);
            expect(await deployments.getRevision(fixed.id, number)).toEqual(stored);
          }),
          { numRuns: 40 },
        );
        expect(await deployments.get(numberedId('dep', 999))).toBeNull();
        expect(await deployments.getByName('nobody')).toBeNull();
      }),
    );

    it(
      'have names of their own, and are listed page by page, of all or of one owner',
      withStore(make, async ({ deployments }) => {
        await deployments.insert(sampleDeployment(1));
        await deployments.insert(sampleDeployment(2, { owner: 'ann' }));
        await deployments.insert(sampleDeployment(3));
        const numbers = async (page: Parameters<typeof deployments.list>[0]) =>
          (await deployments.list(page)).map(({ name }) => name);

        await expect(deployments.insert(sampleDeployment(4, { name: 'web-1' }))).rejects.toEqual(
          refusal('already_exists', 'deployment.name_taken'),
        );
        expect(await numbers({ limit: 2, after: null })).toEqual(['web-1', 'web-2']);
        expect(await numbers({ limit: 2, after: numberedId('dep', 2) })).toEqual(['web-3']);
        expect(await numbers({ limit: 2, after: null, owner: 'ann' })).toEqual(['web-2']);
      }),
    );

    it(
      'are written and removed by whoever has seen them as they are, with their revisions',
      withStore(make, async ({ deployments }) => {
        const deployment = sampleDeployment(1);
        await deployments.insert(deployment);
        await deployments.insertRevision(sampleDeploymentRevision(deployment, 1));
        await deployments.update({ ...deployment, replicas: 5, revision: 2 });
        const late = refusal('conflict', 'store.revision');

        await expect(deployments.update({ ...deployment, revision: 2 })).rejects.toEqual(late);
        await expect(deployments.delete(deployment.id, 1)).rejects.toEqual(late);
        expect(await deployments.latestRevision(deployment.id)).toBe(1);
        await deployments.delete(deployment.id, 2);
        expect(await deployments.get(deployment.id)).toBeNull();
        expect(await deployments.latestRevision(deployment.id)).toBe(0);
      }),
    );

    it(
      'have VMs, by their numbers',
      withStore(make, async ({ deployments, vms }) => {
        const deploymentId = numberedId('dep', 1);
        const replicaOf = (index: number, revision: number) => ({ replicaOf: { deploymentId, index, revision } });
        await vms.insert(sampleVm(1, replicaOf(2, 1)));
        await vms.insert(sampleVm(2, { ...replicaOf(1, 3), health: 'unhealthy' }));
        await vms.insert(sampleVm(3));
        await vms.insert(sampleVm(4, { replicaOf: { deploymentId: numberedId('dep', 2), index: 1, revision: 1 } }));

        const { id, name, status, health, restarts, generation } = sampleVm(1);
        expect(await deployments.listReplicas(deploymentId)).toEqual([
          expect.objectContaining({ name: 'vm-2', index: 1, revision: 3, health: 'unhealthy' }),
          { id, name, status, health, restarts, generation, index: 2, revision: 1, desired: { power: 'running' } },
        ]);
      }),
    );
  });

  describe('revisions of a deployment', () => {
    it(
      'are listed newest first, and dropped but for those in use',
      withStore(make, async ({ deployments }) => {
        const deployment = sampleDeployment(1);
        await deployments.insert(deployment);
        for (let number = 1; number <= 5; number++)
          await deployments.insertRevision(sampleDeploymentRevision(deployment, number));
        await deployments.insertRevision(sampleDeploymentRevision(sampleDeployment(2), 1));
        const list = async (limit: number, after: number | null) =>
          (await deployments.listRevisions(deployment.id, { limit, after })).map(({ number }) => number);

        expect(await list(2, null)).toEqual([5, 4]);
        expect(await list(9, 4)).toEqual([3, 2, 1]);
        expect(await deployments.latestRevision(deployment.id)).toBe(5);
        await deployments.dropRevisions(deployment.id, { upTo: 3, but: [2] });
        expect(await list(9, null)).toEqual([5, 4, 2]);
        await deployments.dropRevisions(deployment.id, { upTo: 4, but: [] });
        expect(await list(9, null)).toEqual([5]);
        expect(await deployments.getRevision(deployment.id, 2)).toBeNull();
        expect(await deployments.latestRevision(numberedId('dep', 2))).toBe(1);
      }),
    );

    it(
      'tell what deployments need of templates and secrets',
      withStore(make, async ({ deployments }) => {
        const secretId = numberedId('sec', 1);
        const made = (version: string) => ({
          spec: {
            ...VM_DEFAULTS,
            network: { mode: 'user', egress: 'deny' },
            template: { name: 'web', version },
          } as const,
        });
        for (const number of [1, 2]) await deployments.insert(sampleDeployment(number));
        await deployments.insertRevision(sampleDeploymentRevision(sampleDeployment(1), 1, made('1')));
        await deployments.insertRevision(sampleDeploymentRevision(sampleDeployment(1), 2, made('1')));
        const secrets = [{ secretId, name: 'TOKEN', env: 'TOKEN', file: null }];
        await deployments.insertRevision(sampleDeploymentRevision(sampleDeployment(2), 1, { ...made('2'), secrets }));

        expect(await deployments.listMadeFrom({ name: 'web', version: null }, 9)).toEqual(['web-1', 'web-2']);
        expect(await deployments.listMadeFrom({ name: 'web', version: '1' }, 9)).toEqual(['web-1']);
        expect(await deployments.listMadeFrom({ name: 'other', version: null }, 9)).toEqual([]);
        expect(await deployments.listGiven(secretId, 9)).toEqual(['web-2']);
        expect(await deployments.listGiven(numberedId('sec', 2), 9)).toEqual([]);
      }),
    );
  });
}

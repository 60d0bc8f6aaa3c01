import type { FastifyInstance } from 'fastify';
import type { Deployment } from '../../../domain/deployment/deployment.ts';
import type { DeploymentId } from '../../../domain/ids.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { TELLER } from '../../teller.ts';
import { allOf, partOf } from './pages.ts';
import { placeOf } from './place.ts';
import { routes } from './routes.ts';
import { type SeenDeployment, toDeployment, toDeploymentDetail, toScaledDeployment } from './translate-deployments.ts';

/** How long the VMs of one may take to go before the caller is told that they have not yet. */
const DELETION_MS = 120_000;

/** Deployments: list, create, get, scale, delete. */
export function mountDeployments(app: FastifyInstance, { engine, signals }: FaceContext): void {
  const { deployments } = engine;

  mount(app, routes.listDeployments, async ({ principal, query }, reply) => {
    const all = await allOf<Deployment, DeploymentId>((page) => deployments.list(principal, page));
    const shown = [];
    for (const deployment of partOf(reply, all, query)) shown.push(toDeployment(await seen(principal, deployment)));
    return shown;
  });

  mount(app, routes.createDeployment, async ({ principal, body }, reply) => {
    const { name, plugin, replicas } = body;
    const made = await deployments.create(principal, {
      name,
      description: '',
      labels: {},
      ...(replicas === undefined ? {} : { replicas }),
      strategy: {},
      autoscaling: null,
      vm: {
        template: plugin,
        spec: await placeOf(engine, principal, plugin),
        labels: {},
        metadata: {},
        warmStart: 'auto',
      },
    });
    return await reply.code(201).send(toDeployment(await seen(TELLER, made)));
  });

  mount(app, routes.getDeployment, async ({ principal, params }) =>
    toDeploymentDetail(await seen(principal, await deployments.get(principal, params.name))),
  );

  mount(app, routes.scaleDeployment, async ({ principal, params, body }) =>
    toScaledDeployment(await seen(TELLER, await deployments.update(principal, params.name, body))),
  );

  mount(app, routes.deleteDeployment, async ({ principal, params }, reply) => {
    const { id } = await deployments.delete(principal, params.name);
    await deployments.wait(TELLER, id, 'absent', { timeoutMs: DELETION_MS, signal: signals.of(reply) });
    return await reply.code(204).send();
  });

  async function seen(principal: Principal, deployment: Deployment): Promise<SeenDeployment> {
    const { items } = await deployments.revisions(principal, deployment.id, { limit: 1, after: null });
    return { deployment, revision: items[0] ?? null };
  }
}

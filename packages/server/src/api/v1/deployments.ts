import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import {
  toCreateDeployment,
  toDeploymentChange,
  toDeploymentDto,
  toDeploymentRevisionDto,
} from './dto/deployment-dto.ts';
import { etagOfWish, unchangedOf } from './etags.ts';
import { cursorParam } from './parse-param.ts';

/** Deployments: create, list, get, wait, change, go back, delete. */
export function mountDeployments(app: FastifyInstance, { engine: { deployments }, signals }: V1Context): void {
  mount(app, routes.createDeployment, async (request, reply) => {
    const asked = await toCreateDeployment(request.body);
    const made = await deployments.create(request.principal, asked, onceOf(request));
    reply.header('location', `/v1/deployments/${made.id}`).header('etag', etagOfWish(made));
    return await reply.code(201).send(toDeploymentDto(made));
  });

  mount(app, routes.listDeployments, async (request) => {
    const { limit = 50, cursor, selector } = request.query;
    const page = await deployments.list(request.principal, {
      limit,
      after: cursorParam('dep', cursor),
      ...(selector === undefined ? {} : { selector }),
    });
    return { items: page.items.map(toDeploymentDto), next_cursor: page.next };
  });

  mount(app, routes.getDeployment, async (request, reply) => {
    const deployment = await deployments.get(request.principal, request.params.ref);
    reply.header('etag', etagOfWish(deployment));
    return toDeploymentDto(deployment);
  });

  mount(app, routes.waitForDeployment, async (request, reply) => {
    const { phase = 'running', timeout = 30 } = request.query;
    const waiting = { timeoutMs: timeout * 1_000, signal: signals.of(reply) };
    const deployment = await deployments.wait(request.principal, request.params.ref, phase, waiting);
    if (deployment === null) return await reply.code(204).send();
    return await reply.header('etag', etagOfWish(deployment)).send(toDeploymentDto(deployment));
  });

  mount(app, routes.updateDeployment, async (request, reply) => {
    const change = await toDeploymentChange(request.body);
    const changed = await deployments.update(request.principal, request.params.ref, change, unchangedOf(request));
    reply.header('etag', etagOfWish(changed));
    return toDeploymentDto(changed);
  });

  mount(app, routes.restartDeployment, async (request, reply) => {
    const options = { ...unchangedOf(request), ...onceOf(request) };
    const changed = await deployments.restart(request.principal, request.params.ref, options);
    reply.header('etag', etagOfWish(changed));
    return toDeploymentDto(changed);
  });

  mount(app, routes.rollBackDeployment, async (request, reply) => {
    const { revision: to } = request.body;
    const options = { ...unchangedOf(request), ...onceOf(request), ...(to === undefined ? {} : { to }) };
    const changed = await deployments.rollBack(request.principal, request.params.ref, options);
    reply.header('etag', etagOfWish(changed));
    return toDeploymentDto(changed);
  });

  mount(app, routes.listDeploymentRevisions, async (request) => {
    const { limit = 50, cursor = null } = request.query;
    const page = await deployments.revisions(request.principal, request.params.ref, { limit, after: cursor });
    return { items: page.items.map(toDeploymentRevisionDto), next_cursor: page.next };
  });

  mount(app, routes.deleteDeployment, async (request, reply) => {
    const going = await deployments.delete(request.principal, request.params.ref, unchangedOf(request));
    return await reply.code(202).send(toDeploymentDto(going));
  });
}

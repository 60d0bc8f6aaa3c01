import { routes } from '@volary/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import type { SeenWorkspace } from '../../engine/apis/workspace-api.ts';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { TELLER } from '../teller.ts';
import type { V1Context } from './context.ts';
import { toCreateWorkspace, toWorkspaceChange, toWorkspaceDto } from './dto/workspace-dto.ts';
import { etagOfWish, unchangedOf } from './etags.ts';
import { cursorParam } from './parse-param.ts';
import { preferredWait } from './prefer.ts';

/** Workspaces: create, list, get, wait, change, extend, delete. */
export function mountWorkspaces(app: FastifyInstance, context: V1Context): void {
  const { workspaces } = context.engine;

  mount(app, routes.createWorkspace, async (request, reply) => {
    const made = await workspaces.create(request.principal, await toCreateWorkspace(request.body), onceOf(request));
    const seen = await waitAsPreferred(context, request, reply, made);
    reply.header('location', `/v1/workspaces/${seen.workspace.id}`).header('etag', etagOfWish(seen.workspace));
    return await reply.code(seen.status === 'creating' ? 202 : 201).send(toWorkspaceDto(seen));
  });

  mount(app, routes.listWorkspaces, async (request) => {
    const { limit = 50, cursor, selector } = request.query;
    const page = await workspaces.list(request.principal, {
      limit,
      after: cursorParam('ws', cursor),
      ...(selector === undefined ? {} : { selector }),
    });
    return { items: page.items.map(toWorkspaceDto), next_cursor: page.next };
  });

  mount(app, routes.getWorkspace, async (request, reply) =>
    show(reply, await workspaces.get(request.principal, request.params.ref)),
  );

  mount(app, routes.waitForWorkspace, async (request, reply) => {
    const { status = 'running', timeout = 30 } = request.query;
    const waiting = { timeoutMs: timeout * 1_000, signal: context.signals.of(reply) };
    const seen = await workspaces.wait(request.principal, request.params.ref, status, waiting);
    return await (seen === null ? reply.code(204).send() : reply.send(show(reply, seen)));
  });

  mount(app, routes.updateWorkspace, async (request, reply) => {
    const change = toWorkspaceChange(request.body);
    return show(reply, await workspaces.update(request.principal, request.params.ref, change, unchangedOf(request)));
  });

  mount(app, routes.extendWorkspace, async (request, reply) => {
    const options = { ...unchangedOf(request), ...onceOf(request) };
    const lifetime = { ttlSeconds: request.body.ttl_seconds };
    return show(reply, await workspaces.extend(request.principal, request.params.ref, lifetime, options));
  });

  mount(app, routes.deleteWorkspace, async (request, reply) => {
    const going = await workspaces.delete(request.principal, request.params.ref, unchangedOf(request));
    return await reply.code(202).send(toWorkspaceDto(going));
  });
}

function show(reply: FastifyReply, seen: SeenWorkspace) {
  reply.header('etag', etagOfWish(seen.workspace));
  return toWorkspaceDto(seen);
}

/** What it has come to within the time that the caller preferred to wait, if any. */
async function waitAsPreferred(
  { engine, signals }: V1Context,
  request: FastifyRequest,
  reply: FastifyReply,
  made: SeenWorkspace,
): Promise<SeenWorkspace> {
  const seconds = preferredWait(request.headers['prefer']);
  if (seconds === null || made.status !== 'creating') return made;
  reply.header('preference-applied', `wait=${seconds}`);
  const waiting = { timeoutMs: seconds * 1_000, signal: signals.of(reply) };
  const { id } = made.workspace;
  try {
    return (await engine.workspaces.wait(TELLER, id, 'settled', waiting)) ?? made;
  } catch (error) {
    if (!(error instanceof VolaryError) || error.reason !== 'workspace.wait_timeout') throw error;
    return await engine.workspaces.get(TELLER, id);
  }
}

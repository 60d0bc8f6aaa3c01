import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../../domain/errors.ts';
import type { WorkspaceId } from '../../../domain/ids.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';
import { limitBodyTime } from '../../body-time.ts';
import { boundStreams, identifyCallers } from '../../caller-hooks.ts';
import { documentBytes } from '../../document-bytes.ts';
import type { Face, FaceContext } from '../../face.ts';
import { acceptJsonBodies } from '../../json-body.ts';
import { JSON_HEADER } from '../../json-header.ts';
import { mount } from '../../mount.ts';
import { noteRefusal } from '../../note-refusals.ts';
import { createValidatorCompiler } from '../../validation.ts';
import { sendFault } from './errors.ts';
import { createIdentify } from './identify.ts';
import { describeVmApi } from './openapi.ts';
import { routes } from './routes.ts';
import type { Workspace } from './schemas.ts';
import { toCreateRequest, toWorkspace, workspaceIdOf } from './translate.ts';

/** How long a workspace may take to go before the caller is told that it has not yet. */
const DELETION_MS = 60_000;
/** Asked for at a time. */
const PAGE = 200;

/** vm-api: hosted workspaces, each a VM or a container of its owner for a time. */
export const vmApi: Face = {
  name: 'vm-api',
  routes: Object.values(routes),
  unknownPath: 'Not found',
  describe: describeVmApi,
  mount: mountVmApi,
  refuse: sendFault,
  isCounted: (path) => path === '/openapi.json' || path.startsWith('/api/'),
};

async function mountVmApi(app: FastifyInstance, context: FaceContext): Promise<void> {
  const { engine, limits, log, signals, version } = context;
  app.setValidatorCompiler(createValidatorCompiler());
  app.setErrorHandler((error, request, reply) => {
    noteRefusal(engine, request, error);
    return sendFault(error, request, reply, log);
  });
  identifyCallers(app, vmApi, context, createIdentify(context));
  boundStreams(app, context);
  acceptJsonBodies(app, limits);
  limitBodyTime(app, limits);

  mount(app, routes.listWorkspaces, async ({ principal }) => await listAll(engine, principal));

  mount(app, routes.createWorkspace, async ({ principal, body }) => {
    try {
      return toWorkspace(await engine.workspaces.create(principal, toCreateRequest(body)));
    } catch (error) {
      throw error instanceof VolaryError && error.reason === 'template.unknown'
        ? await unknownTemplate(engine, principal, error)
        : error;
    }
  });

  mount(app, routes.getWorkspace, async ({ principal, params }) => {
    const shown = toWorkspace(await engine.workspaces.get(principal, requireId(params.id)));
    if (shown === null) throw unknownWorkspace();
    return shown;
  });

  mount(app, routes.deleteWorkspace, async ({ principal, params }, reply) => {
    const id = requireId(params.id);
    if (toWorkspace(await engine.workspaces.get(principal, id)) === null) throw unknownWorkspace();
    await engine.workspaces.delete(principal, id);
    await engine.workspaces.wait(principal, id, 'absent', { timeoutMs: DELETION_MS, signal: signals.of(reply) });
    return { message: 'Workspace deleted' };
  });

  const document = documentBytes(() => describeVmApi(version));
  mount(
    app,
    routes.getOpenApi,
    async (_request, reply) => await reply.header('content-type', JSON_HEADER).send(document()),
  );

  mount(app, routes.getHealth, async () => ({ status: 'ok' }));

  mount(app, routes.getReadiness, async () => {
    const failed = await engine.whyNotReady();
    if (failed === null) return { status: 'ready' };
    throw new VolaryError('unavailable', failed.why ?? 'The service is not ready.', {
      reason: 'server.not_ready',
      details: { component: failed.name },
    });
  });
}

async function listAll({ workspaces }: Engine, principal: Principal): Promise<readonly Workspace[]> {
  const all: Workspace[] = [];
  let after: WorkspaceId | null = null;
  do {
    const { items, next }: Awaited<ReturnType<Engine['workspaces']['list']>> = await workspaces.list(principal, {
      limit: PAGE,
      after,
    });
    all.push(...items.map(toWorkspace).filter((shown) => shown !== null));
    after = next;
  } while (after !== null);
  return all;
}

/** Throws as for a workspace that there is not. */
function requireId(uuid: string): WorkspaceId {
  const id = workspaceIdOf(uuid);
  if (id === null) throw unknownWorkspace();
  return id;
}

function unknownWorkspace(): VolaryError {
  return new VolaryError('not_found', 'There is no such workspace.', { reason: 'workspace.unknown' });
}

/** Here that is a fault of the request, which names what there is. */
async function unknownTemplate({ templates }: Engine, principal: Principal, cause: VolaryError): Promise<VolaryError> {
  const { items } = await templates.list(principal, { limit: PAGE, after: null });
  const names = items.map(({ name }) => name).join(', ');
  const message = `There is no such template; there are: ${names}.`;
  return new VolaryError('invalid_argument', message, { reason: cause.reason, details: { field: 'template' }, cause });
}

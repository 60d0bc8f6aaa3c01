import type { FastifyInstance } from 'fastify';
import { createRequestAuthenticator } from '../../auth/authenticate-requests.ts';
import { limitBodyTime } from '../../body-time.ts';
import { boundStreams, identifyCallers } from '../../caller-hooks.ts';
import { documentBytes } from '../../document-bytes.ts';
import type { Face, FaceContext } from '../../face.ts';
import { acceptJsonBodies } from '../../json-body.ts';
import { JSON_HEADER } from '../../json-header.ts';
import { mount } from '../../mount.ts';
import { noteRefusal } from '../../note-refusals.ts';
import { createValidatorCompiler } from '../../validation.ts';
import { createEventFrames } from '../event-frames.ts';
import { mountAuth } from './auth.ts';
import { mountBatches } from './batches.ts';
import { sendFault } from './errors.ts';
import { toEventText } from './event-messages.ts';
import { mountEvents } from './events.ts';
import { mountLogs } from './logs.ts';
import { mountMetrics } from './metrics.ts';
import { describeNovacron } from './openapi.ts';
import { mountPower } from './power.ts';
import { ALL_ROUTES, commonRoutes, routesOf, VERSIONS } from './routes.ts';
import { mountVms } from './vms.ts';

/** NovaCron: virtual machines by jobs and operations, for users who log in. */
export const novacron: Face = {
  name: 'novacron',
  routes: ALL_ROUTES,
  unknownPath: 'There is nothing at this path',
  describe: describeNovacron,
  mount: mountNovacron,
  refuse: sendFault,
  isCounted: (path) => path === '/openapi.json' || VERSIONS.some(({ base }) => path.startsWith(`${base}/`)),
};

async function mountNovacron(app: FastifyInstance, context: FaceContext): Promise<void> {
  const { engine, limits, log, version, allowedOrigins } = context;
  app.setValidatorCompiler(createValidatorCompiler());
  app.setErrorHandler((error, request, reply) => {
    noteRefusal(engine, request, error);
    return sendFault(error, request, reply, log);
  });
  identifyCallers(app, novacron, context, createRequestAuthenticator(engine, allowedOrigins));
  boundStreams(app, context);
  acceptJsonBodies(app, limits);
  limitBodyTime(app, limits);

  // One for all versions: what they tell is the same.
  const frameOf = createEventFrames(toEventText);
  for (const each of VERSIONS) {
    const routes = routesOf(each);
    mountAuth(app, routes, context);
    mountVms(app, routes, context);
    mountPower(app, routes, context);
    mountMetrics(app, routes, context);
    mountLogs(app, routes, context);
    mountBatches(app, routes, context);
    mountEvents(app, routes, { ...context, frameOf });
  }

  mount(app, commonRoutes.getKeys, async () => await engine.auth.publicKeys());

  const document = documentBytes(() => describeNovacron(version));
  mount(
    app,
    commonRoutes.getOpenApi,
    async (_request, reply) => await reply.header('content-type', JSON_HEADER).send(document()),
  );
}

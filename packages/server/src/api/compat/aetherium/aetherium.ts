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
import { withSockets } from '../socket-credentials.ts';
import { mountCommands } from './commands.ts';
import { sendFault } from './errors.ts';
import { mountHealth } from './health.ts';
import { mountLogs } from './logs.ts';
import { describeAetherium } from './openapi.ts';
import { routes } from './routes.ts';
import { mountUpdates } from './updates.ts';
import { mountVms } from './vms.ts';
import { mountWebhooks } from './webhooks.ts';

/** Aetherium: VMs with tools in them, commands, tasks and logs. */
export const aetherium: Face = {
  name: 'aetherium',
  routes: Object.values(routes),
  unknownPath: 'Not found',
  describe: describeAetherium,
  mount: mountAetherium,
  refuse: sendFault,
  // Probes come all the time, and one that is refused would have a healthy server ended.
  isCounted: (path) => path === '/openapi.json' || (path.startsWith('/api/') && path !== '/api/v1/health'),
};

async function mountAetherium(app: FastifyInstance, context: FaceContext): Promise<void> {
  const { engine, limits, log, version, allowedOrigins } = context;
  app.setValidatorCompiler(createValidatorCompiler());
  app.setErrorHandler((error, request, reply) => {
    noteRefusal(engine, request, error);
    return sendFault(error, request, reply, log);
  });
  identifyCallers(app, aetherium, context, withSockets(createRequestAuthenticator(engine, allowedOrigins), context));
  boundStreams(app, context);
  acceptJsonBodies(app, limits);
  limitBodyTime(app, limits);

  mountVms(app, context);
  mountCommands(app, context);
  mountLogs(app, context);
  mountUpdates(app, context);
  mountHealth(app, context);
  await mountWebhooks(app, context);
  const document = documentBytes(() => describeAetherium(version));
  mount(
    app,
    routes.getOpenApi,
    async (_request, reply) => await reply.header('content-type', JSON_HEADER).send(document()),
  );
}

import type { FastifyInstance } from 'fastify';
import { limitBodyTime } from '../../body-time.ts';
import { boundStreams, identifyCallers } from '../../caller-hooks.ts';
import type { Face, FaceContext } from '../../face.ts';
import { acceptJsonBodies } from '../../json-body.ts';
import { noteRefusal } from '../../note-refusals.ts';
import { createValidatorCompiler } from '../../validation.ts';
import { mountDeployments } from './deployments.ts';
import { sendFault } from './errors.ts';
import { mountEvents } from './events.ts';
import { createIdentify } from './identify.ts';
import { describeVolant } from './openapi.ts';
import { mountPlugins } from './plugins.ts';
import { routes } from './routes.ts';
import { mountSystem } from './system.ts';
import { mountVmConfig } from './vm-config.ts';
import { mountVms } from './vms.ts';

/** Volant: VMs and deployments that are made from plugins, and what becomes of them. */
export const volant: Face = {
  name: 'volant',
  routes: Object.values(routes),
  unknownPath: 'Not found',
  describe: describeVolant,
  mount: mountVolant,
  refuse: sendFault,
  isCounted: (path) => path.startsWith('/api/'),
};

async function mountVolant(app: FastifyInstance, context: FaceContext): Promise<void> {
  const { engine, limits, log } = context;
  app.setValidatorCompiler(createValidatorCompiler());
  app.setErrorHandler((error, request, reply) => {
    noteRefusal(engine, request, error);
    return sendFault(error, request, reply, log);
  });
  identifyCallers(app, volant, context, createIdentify(context));
  boundStreams(app, context);
  acceptJsonBodies(app, limits);
  limitBodyTime(app, limits);
  mountVms(app, context);
  mountVmConfig(app, context);
  mountDeployments(app, context);
  mountPlugins(app, context);
  mountSystem(app, context);
  mountEvents(app, context);
}

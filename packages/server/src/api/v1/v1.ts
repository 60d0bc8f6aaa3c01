import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { NOBODY } from '../../domain/principal/principal.ts';
import type { Authenticate } from '../auth/admin-key.ts';
import { limitBodyTime } from '../body-time.ts';
import { acceptByteBodies, acceptJsonBodies } from '../json-body.ts';
import { sendProblem } from '../problem-reply.ts';
import { createValidatorCompiler } from '../validation.ts';
import type { V1Context } from './context.ts';
import { mountEvents } from './events.ts';
import { mountExecutionInput, mountExecutionOutput } from './execution-io.ts';
import { mountExecutions } from './executions.ts';
import { mountFileContent } from './file-content.ts';
import { mountFiles } from './files.ts';
import { mountImages } from './images.ts';
import { mountOperations } from './operations.ts';
import { mountServerInfo } from './server-info.ts';
import { mountSnapshots, mountSnapshotVms } from './snapshots.ts';
import { mountSystem } from './system.ts';
import { mountVmPower } from './vm-power.ts';
import { mountVms } from './vms.ts';
import { mountWebhookDeliveries, mountWebhooks } from './webhooks.ts';

/** The native API, with parsers, validation and errors of its own: no other face is touched by them. */
export function createV1(context: V1Context, authenticate: Authenticate): FastifyPluginAsync {
  return async (app) => {
    app.setValidatorCompiler(createValidatorCompiler());
    app.setErrorHandler((error, request, reply) => {
      context.keys.noteFault(request, error);
      return sendProblem(error, request, reply, context.log);
    });
    app.addHook('onRequest', (request, _reply, done) => {
      const { permission } = request.routeOptions.config;
      const isHandshake = context.upgrades.of(request.raw) !== null;
      request.principal = permission === 'none' ? NOBODY : authenticate(request.headers, isHandshake);
      done();
    });
    context.keys.honour(app);
    await app.register(async (json) => {
      acceptJsonBodies(json, context.limits);
      limitBodyTime(json, context.limits);
      mountJsonRoutes(json, context);
    });
    await app.register(async (bytes) => {
      acceptByteBodies(bytes);
      mountFileContent(bytes, context);
      mountExecutionInput(bytes, context);
    });
  };
}

function mountJsonRoutes(app: FastifyInstance, context: V1Context): void {
  mountVms(app, context);
  mountVmPower(app, context);
  mountExecutions(app, context);
  mountExecutionOutput(app, context);
  mountFiles(app, context);
  mountOperations(app, context);
  mountEvents(app, context);
  mountImages(app, context);
  mountSnapshots(app, context);
  mountSnapshotVms(app, context);
  mountSystem(app, context);
  mountWebhooks(app, context);
  mountWebhookDeliveries(app, context);
  mountServerInfo(app, context);
}

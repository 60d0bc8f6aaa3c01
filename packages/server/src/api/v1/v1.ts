import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify';
import { NOBODY, type Principal } from '../../domain/principal/principal.ts';
import type { AuthenticateRequest } from '../auth/authenticate-requests.ts';
import { limitBodyTime } from '../body-time.ts';
import { acceptByteBodies, acceptJsonBodies } from '../json-body.ts';
import { acceptYamlBodies } from '../manifests/accept-yaml.ts';
import { noteRefusal } from '../note-refusals.ts';
import { sendProblem, toApiError } from '../problem-reply.ts';
import { countRequest, isOfV1 } from '../rate-limit.ts';
import { createStreamCount } from '../stream-count.ts';
import { createValidatorCompiler } from '../validation.ts';
import { mountAlerts } from './alerts.ts';
import { mountApiKeys } from './api-keys.ts';
import { mountAudit } from './audit.ts';
import { mountLogins, mountOwnSecrets } from './auth.ts';
import { mountBatches } from './batches.ts';
import type { V1Context } from './context.ts';
import { mountDeployments } from './deployments.ts';
import { mountEvents } from './events.ts';
import { mountExecutionInput, mountExecutionOutput } from './execution-io.ts';
import { mountExecutions } from './executions.ts';
import { mountFileContent } from './file-content.ts';
import { mountFiles } from './files.ts';
import { mountImages } from './images.ts';
import { mountLogs } from './logs.ts';
import { mountMetrics } from './metrics.ts';
import { mountNetworks, mountSecurityGroups } from './networks.ts';
import { mountOperations } from './operations.ts';
import { mountPorts } from './ports.ts';
import { mountQuota } from './quota.ts';
import { mountRoles } from './roles.ts';
import { mountSecrets } from './secrets.ts';
import { mountServerInfo } from './server-info.ts';
import { mountSnapshots, mountSnapshotVms } from './snapshots.ts';
import { mountSystem } from './system.ts';
import { mountTemplateInstallation, mountTemplates } from './templates.ts';
import { mountTools } from './tools.ts';
import { mountOwnAccount, mountUsers } from './users.ts';
import { mountVmConfig } from './vm-config.ts';
import { mountVmPower } from './vm-power.ts';
import { mountVms } from './vms.ts';
import { mountVolumes } from './volumes.ts';
import { mountWarmTemplates } from './warm-templates.ts';
import { mountWebhookDeliveries, mountWebhooks } from './webhooks.ts';
import { mountWorkloads } from './workloads.ts';
import { mountWorkspaces } from './workspaces.ts';

/** The native API, with parsers, validation and errors of its own: no other face is touched by them. */
export function createV1(context: V1Context, authenticate: AuthenticateRequest): FastifyPluginAsync {
  const streams = createStreamCount(context.limits);
  return async (app) => {
    app.setValidatorCompiler(createValidatorCompiler());
    app.setErrorHandler((error, request, reply) => {
      context.keys.noteFault(request, error);
      noteRefusal(context.engine, request, error);
      return sendProblem(error, request, reply, context.log);
    });
    app.addHook('onRequest', (request, reply, done) => {
      const count = (fault: Error | null): void => {
        const principal = request.principal === NOBODY ? null : request.principal;
        if (isOfV1(request.url)) countRequest(context.engine, 'v1', { request, reply, principal, fault }, done);
        else done(fault ?? undefined);
      };
      const identified = identify(request, context, authenticate);
      // Most are known: a promise less for each of their requests.
      if (identified instanceof Promise) identified.then(count, done);
      else count(identified);
    });
    app.decorate('countStream', (request, reply) => {
      const { principal, origin, raw } = request;
      const caller = principal === NOBODY ? `address ${origin.address}` : `user ${principal.name}`;
      // A socket lasts longer than its request.
      streams.enter(caller, context.upgrades.of(raw)?.socket ?? reply.raw);
    });
    app.decorate('endWithCredential', ({ principal, raw }, reply) => {
      const socket = context.upgrades.of(raw)?.socket;
      // Broken off, so that nobody takes it for complete; whoever comes again is told why.
      const unwatch = context.engine.watchPrincipal(principal, () => raw.socket.destroy());
      (socket ?? reply.raw).once('close', unwatch);
    });
    context.keys.honour(app);
    await app.register(async (json) => {
      acceptJsonBodies(json, context.limits);
      limitBodyTime(json, context.limits);
      mountJsonRoutes(json, context);
      await json.register(async (yaml) => {
        acceptYamlBodies(yaml, context.limits);
        mountTemplateInstallation(yaml, context);
        mountBatches(yaml, context);
      });
    });
    await app.register(async (bytes) => {
      acceptByteBodies(bytes);
      mountFileContent(bytes, context);
      mountExecutionInput(bytes, context);
    });
  };
}

/** Says who asks. What is wrong with that is returned: a request is counted before it is refused. */
function identify(
  request: FastifyRequest,
  { upgrades }: V1Context,
  authenticate: AuthenticateRequest,
): Error | null | Promise<Error | null> {
  const welcome = (principal: Principal): null => {
    request.principal = principal;
    return null;
  };
  welcome(NOBODY);
  if (request.routeOptions.config.permission === 'none') return null;
  try {
    const found = authenticate(request, upgrades.of(request.raw) !== null);
    return found instanceof Promise ? found.then(welcome, toApiError) : welcome(found);
  } catch (error) {
    return toApiError(error);
  }
}

function mountJsonRoutes(app: FastifyInstance, context: V1Context): void {
  mountVms(app, context);
  mountVmConfig(app, context);
  mountVmPower(app, context);
  mountExecutions(app, context);
  mountExecutionOutput(app, context);
  mountMetrics(app, context);
  mountAlerts(app, context);
  mountWorkloads(app, context);
  mountFiles(app, context);
  mountPorts(app, context);
  mountOperations(app, context);
  mountEvents(app, context);
  mountLogs(app, context);
  mountImages(app, context);
  mountTools(app, context);
  mountSnapshots(app, context);
  mountSnapshotVms(app, context);
  mountSystem(app, context);
  mountTemplates(app, context);
  mountWarmTemplates(app, context);
  mountDeployments(app, context);
  mountWorkspaces(app, context);
  mountWebhooks(app, context);
  mountWebhookDeliveries(app, context);
  mountUsers(app, context);
  mountOwnAccount(app, context);
  mountRoles(app, context);
  mountApiKeys(app, context);
  mountSecrets(app, context);
  mountVolumes(app, context);
  mountNetworks(app, context);
  mountSecurityGroups(app, context);
  mountLogins(app, context);
  mountOwnSecrets(app, context);
  mountAudit(app, context);
  mountQuota(app, context);
  mountServerInfo(app, context);
}

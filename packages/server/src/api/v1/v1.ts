import { openApiDocument, routes } from '@volary/contract';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import { createRequestAuthenticator } from '../auth/authenticate-requests.ts';
import { limitBodyTime } from '../body-time.ts';
import { boundStreams, identifyCallers } from '../caller-hooks.ts';
import type { Face, FaceContext } from '../face.ts';
import { createIdempotencyKeys } from '../idempotency.ts';
import { acceptByteBodies, acceptJsonBodies } from '../json-body.ts';
import { acceptYamlBodies } from '../manifests/accept-yaml.ts';
import { noteRefusal } from '../note-refusals.ts';
import { sendProblem } from '../problem-reply.ts';
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
import { mountIntegrationMessages } from './integration-messages.ts';
import { mountIntegrations } from './integrations.ts';
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

/** The native API. It alone counts nothing of the probes and measures beside it, which are asked for all the time. */
export const v1: Face = {
  name: 'v1',
  routes: Object.values(routes),
  unknownPath: 'There is nothing at this path; see /v1/openapi.json.',
  describe: (version) => openApiDocument({ version }),
  mount: mountV1,
  refuse: sendProblem,
  isCounted: (path) => path.startsWith('/v1/') || path === routes.getErrorsPage.path,
};

async function mountV1(app: FastifyInstance, face: FaceContext): Promise<void> {
  const { engine, log, limits, allowedOrigins } = face;
  const keys = createIdempotencyKeys({ engine, log });
  const context: V1Context = { ...face, keys };
  app.setValidatorCompiler(createValidatorCompiler());
  app.setErrorHandler((error, request, reply) => {
    keys.noteFault(request, error);
    noteRefusal(engine, request, error);
    return sendProblem(error, request, reply, log);
  });
  identifyCallers(app, v1, context, createRequestAuthenticator(engine, allowedOrigins));
  boundStreams(app, context);
  keys.honour(app);
  const json: FastifyPluginAsync = async (own) => {
    acceptJsonBodies(own, limits);
    limitBodyTime(own, limits);
    mountJsonRoutes(own, context);
    await own.register(yaml);
  };
  const yaml: FastifyPluginAsync = async (own) => {
    acceptYamlBodies(own, limits);
    mountTemplateInstallation(own, context);
    mountBatches(own, context);
  };
  const bytes: FastifyPluginAsync = async (own) => {
    acceptByteBodies(own);
    mountFileContent(own, context);
    mountExecutionInput(own, context);
  };
  await app.register(json);
  await app.register(bytes);
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
  mountIntegrations(app, context);
  mountWebhooks(app, context);
  mountWebhookDeliveries(app, context);
  mountIntegrationMessages(app, context);
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

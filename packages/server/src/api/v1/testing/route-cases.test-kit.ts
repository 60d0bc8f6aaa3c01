import { type OperationName, type Route, routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { ADMIN_KEY, type RunningServer, runServer } from '../../testing/run-server.ts';
import { accountCases } from './account-routes.test-kit.ts';
import { authCases } from './auth-routes.test-kit.ts';
import { deploymentCases } from './deployment-cases.test-kit.ts';
import { createExamples } from './examples.test-kit.ts';
import { executionCases } from './execution-cases.test-kit.ts';
import { fileCases } from './file-cases.test-kit.ts';
import { messageCases } from './message-cases.test-kit.ts';
import { networkCases } from './network-cases.test-kit.ts';
import { portCases } from './port-cases.test-kit.ts';
import { type Case, NO_OPERATION, UNAUTHENTICATED } from './routes.test-kit.ts';
import { givenSecrets, secretCases } from './secret-cases.test-kit.ts';
import { snapshotCases } from './snapshot-cases.test-kit.ts';
import { templateCases } from './template-cases.test-kit.ts';
import { startVendors } from './vendors.test-kit.ts';
import { vmCases } from './vm-cases.test-kit.ts';
import { volumeCases } from './volume-cases.test-kit.ts';
import { WARM, warmTemplateCases } from './warm-templates.test-kit.ts';
import { webhookCases } from './webhook-cases.test-kit.ts';
import { givenWorkload, workloadCases } from './workload-cases.test-kit.ts';
import { workspaceCases } from './workspace-cases.test-kit.ts';

/* One example of each route, which tests of all routes share: a file that uses them begins with `startCases`. */

let server: RunningServer;
let client: VolaryClient;
/** A server that has no VM. */
let unused: { readonly server: RunningServer; readonly client: VolaryClient };

const examples = createExamples(() => client);

/** Simulated images are made of whatever is named. */
const DISK = { url: 'https://images.example/disk.qcow2', sha256: 'a'.repeat(64), format: 'qcow2' } as const;

/** One for each route: a route that lacks its case does not compile. */
const CASES: Readonly<Record<OperationName, Case>> = {
  ...vmCases(examples),
  ...executionCases(examples),
  ...fileCases(examples),
  listOperations: {
    ask: () => ({ query: { vm: 'first', kind: 'vm.create', state: 'succeeded' } }),
    status: 200,
    failing: { ask: { query: { vm: 'nobody' } }, status: 404, reason: 'vm.unknown' },
  },
  getOperation: {
    ask: async () => ({ params: { id: (await client.operations.list()).items[0]?.id ?? '' } }),
    status: 200,
    failing: { ask: { params: { id: NO_OPERATION } }, status: 404, reason: 'operation.unknown' },
  },
  estimateOperation: {
    ask: async () => ({ params: { id: (await client.operations.list()).items[0]?.id ?? '' } }),
    status: 200,
    failing: { ask: { params: { id: NO_OPERATION } }, status: 404, reason: 'operation.unknown' },
  },
  waitForOperation: {
    ask: async () => ({
      params: { id: (await client.operations.list({ vm: 'first' })).items[0]?.id ?? '' },
      query: { timeout: 5 },
    }),
    status: 200,
    failing: { ask: { params: { id: NO_OPERATION } }, status: 404, reason: 'operation.unknown' },
  },
  cancelOperation: {
    ask: async () => ({
      params: {
        id: (await client.vms.create({ name: examples.freeName(), labels: { 'simulate.agent': 'silent' } })).id,
      },
    }),
    status: 200,
    failing: { ask: { params: { id: NO_OPERATION } }, status: 404, reason: 'operation.unknown' },
  },
  listEvents: {
    ask: () => ({ query: { after: 0, limit: 3, type: ['vm.started', 'vm.created'], vm: 'first' } }),
    status: 200,
    failing: { ask: { query: { type: 'vm.exploded' } }, status: 400, reason: 'request.invalid' },
  },
  listLogs: {
    ask: () => ({ query: { vm: 'first', level: 'info', q: 'vm.started', limit: 3 } }),
    status: 200,
    failing: { ask: { query: { level: 'loud' } }, status: 400, reason: 'request.invalid' },
  },
  listImages: {
    ask: () => ({}),
    status: 200,
    failing: { ask: { headers: { authorization: 'Basic x' } }, status: 401, reason: 'auth.key_missing' },
  },
  getImage: {
    ask: () => ({ params: { name: 'base' } }),
    status: 200,
    failing: { ask: { params: { name: 'nothing' } }, status: 404, reason: 'image.unknown' },
  },
  defineImage: {
    ask: () => ({ body: { name: examples.freeName(), description: 'Of a test', disk: DISK, labels: { a: 'b' } } }),
    status: 202,
    failing: { ask: { body: { name: 'base', recipe: { packages: ['jq'] } } }, status: 409, reason: 'image.built_in' },
  },
  updateImage: {
    ask: () => ({ params: { name: 'base' }, body: { labels: { tier: 'front' } } }),
    status: 200,
    failing: { ask: { params: { name: 'nothing' }, body: { labels: {} } }, status: 404, reason: 'image.unknown' },
  },
  buildImage: {
    ask: () => ({ params: { name: 'base' } }),
    status: 202,
    failing: { ask: { params: { name: 'nothing' } }, status: 404, reason: 'image.unknown' },
  },
  deleteImage: {
    ask: async () => {
      // Others still need the one that is here.
      await unused.client.operations.finish((await unused.client.images.build('base')).id);
      return { url: unused.server.url, params: { name: 'base' } };
    },
    status: 200,
    failing: { ask: { params: { name: 'nothing' } }, status: 404, reason: 'image.unknown' },
  },
  listTools: {
    ask: () => ({}),
    status: 200,
    failing: { ask: { headers: { authorization: 'Basic x' } }, status: 401, reason: 'auth.key_missing' },
  },
  buildTool: {
    ask: () => ({ params: { name: 'nodejs' }, body: { version: '20' } }),
    status: 202,
    failing: { ask: { params: { name: 'teapot' } }, status: 400, reason: 'tool.unknown' },
  },
  updateTool: {
    ask: () => ({ params: { name: 'bun' }, body: { labels: { tier: 'front' } } }),
    status: 200,
    failing: { ask: { params: { name: 'teapot' }, body: { labels: {} } }, status: 400, reason: 'tool.unknown' },
  },
  deleteTool: {
    ask: async () => {
      await client.operations.finish((await client.tools.build('bun')).id);
      return { params: { name: 'bun' } };
    },
    status: 200,
    failing: { ask: { params: { name: 'teapot' } }, status: 404, reason: 'tool.not_built' },
  },
  getSystemHealth: { ask: () => ({}), status: 200, failing: UNAUTHENTICATED },
  getSystemUsage: {
    ask: () => ({}),
    status: 200,
    failing: { ask: { headers: { authorization: 'Basic x' } }, status: 401, reason: 'auth.key_missing' },
  },
  pruneSystem: {
    ask: () => ({ body: { kinds: ['leftovers'], dry_run: true } }),
    status: 202,
    failing: { ask: { body: { kinds: ['vms'] } }, status: 400, reason: 'request.invalid' },
  },
  runBatch: {
    ask: async () => ({
      body: { items: [{ action: 'stop', vm: String((await examples.vm('running')).params?.['ref']) }] },
    }),
    status: 202,
    failing: { ask: { body: { items: [{ action: 'start', vm: 'nothing' }] } }, status: 404, reason: 'vm.unknown' },
  },
  ...templateCases(() => client),
  ...warmTemplateCases(() => client),
  ...deploymentCases(() => client),
  ...workspaceCases(() => client),
  listHosts: {
    ask: () => ({}),
    status: 200,
    failing: { ask: { headers: { authorization: 'x' } }, status: 401, reason: 'auth.key_missing' },
  },
  getHost: {
    ask: async () => ({ params: { ref: (await client.hosts.list()).items[0]?.id ?? '' } }),
    status: 200,
    failing: { ask: { params: { ref: 'elsewhere' } }, status: 404, reason: 'host.unknown' },
  },
  getHostMetrics: {
    ask: async () => ({ params: { ref: (await client.hosts.list()).items[0]?.name ?? '' }, query: { interval: '1h' } }),
    status: 200,
    failing: { ask: { params: { ref: 'elsewhere' } }, status: 404, reason: 'host.unknown' },
  },
  ...snapshotCases(examples),
  ...webhookCases(() => client),
  ...messageCases(),
  ...accountCases(() => client),
  ...networkCases(() => client),
  ...portCases(),
  ...volumeCases(() => client),
  ...secretCases(() => client),
  ...workloadCases(),
  ...authCases(() => ({ url: server.url, client })),
  getCapabilities: {
    ask: () => ({}),
    status: 200,
    failing: { ask: { headers: { authorization: 'Bearer wrong' } }, status: 401, reason: 'auth.key_invalid' },
  },
  getOpenApi: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  getErrorsPage: {
    ask: () => ({}),
    status: 200,
    failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' },
  },
  getHealth: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  getReadiness: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  listAlerts: {
    ask: () => ({ query: { vm: 'first', state: 'firing', kind: 'cpu' } }),
    status: 200,
    failing: { ask: { query: { vm: 'nobody' } }, status: 404, reason: 'vm.unknown' },
  },
  getMetrics: { ask: () => ({}), status: 200, failing: UNAUTHENTICATED },
  listAudit: {
    ask: () => ({ query: { principal: 'admin', action: 'vm.create', target: 'first', result: 'ok', limit: 1 } }),
    status: 200,
    failing: { ask: { query: { since: 'yesterday' } }, status: 400, reason: 'request.invalid' },
  },
  listIntegrations: { ask: () => ({}), status: 200, failing: UNAUTHENTICATED },
  getQuota: { ask: () => ({}), status: 200, failing: UNAUTHENTICATED },
};

/** A server with a VM that runs and one that is stopped. */
export interface CasesServer extends AsyncDisposable {
  readonly url: string;
  readonly client: VolaryClient;
  /** For examples that go to another server than that one. */
  readonly otherUrl: string;
  readonly otherClient: VolaryClient;
}

/** Starts what the examples need. */
export async function startCases(): Promise<CasesServer> {
  const vendors = await startVendors();
  const [used, empty] = await Promise.all([runServer(WARM, vendors.flags), runServer()]);
  server = used;
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  unused = { server: empty, client: createClient({ baseUrl: empty.url, apiKey: ADMIN_KEY }) };
  const secrets = await givenSecrets(client);
  await client.operations.finish((await client.vms.create({ name: 'first', secrets })).id);
  await client.operations.finish((await client.vms.create({ name: 'stopped', start: false })).id);
  await givenWorkload(client);
  await client.files.write('first', '/root/kept', 'hello');
  return {
    ...{ url: used.url, client, otherUrl: empty.url, otherClient: unused.client },
    async [Symbol.asyncDispose]() {
      await used[Symbol.asyncDispose]();
      await empty[Symbol.asyncDispose]();
      await vendors[Symbol.asyncDispose]();
    },
  };
}

/** Every route with its examples, in the order of the table. */
export const EVERY_CASE: readonly (readonly [OperationName, Route, Case])[] = Object.values(routes).map((route) => [
  route.operationId,
  route,
  CASES[route.operationId],
]);

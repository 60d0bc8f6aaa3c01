import { type OperationName, type Route, routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import type { Ask } from '../testing/send.ts';
import { accountCases } from './account-routes.test-kit.ts';
import { authCases } from './auth-routes.test-kit.ts';
import {
  type Case,
  NO_EXECUTION,
  NO_OPERATION,
  NO_SNAPSHOT,
  NOT_RUNNING,
  RUNNING,
  UNAUTHENTICATED,
  UNKNOWN_SNAPSHOT,
  UNKNOWN_VM,
  unknownFile,
} from './routes.test-kit.ts';
import { givenSecrets, secretCases } from './secret-cases.test-kit.ts';
import { templateCases } from './template-cases.test-kit.ts';
import { WARM, warmTemplateCases } from './warm-templates.test-kit.ts';
import { webhookCases } from './webhook-cases.test-kit.ts';
import { givenWorkload, workloadCases } from './workload-cases.test-kit.ts';

/* One example of each route, which tests of all routes share: a file that uses them begins with `startCases`. */

let server: RunningServer;
let client: VolaryClient;
/** A server that has no VM. */
let unused: { readonly server: RunningServer; readonly client: VolaryClient };

let made = 0;

/** A VM of its own for examples that change it, in this state. */
async function vm(state: 'running' | 'stopped' | 'paused'): Promise<Ask> {
  const name = `own-${made++}`;
  const { id } = await client.vms.create({ name, start: state !== 'stopped' });
  await client.operations.finish(id);
  if (state === 'paused') await client.operations.finish((await client.vms.pause(name)).id);
  return { params: { ref: name } };
}

async function runningCommand(): Promise<string> {
  const { id } = await client.executions.detach('first', { argv: ['cat'], stdin: true, tty: true });
  return id;
}

/** A snapshot of its own, complete. */
async function snapshot(): Promise<Ask> {
  const { id, subject } = await client.snapshots.create('first');
  await client.operations.finish(id);
  return { params: { ref: subject.id ?? '' } };
}

/** Simulated images are made of whatever is named. */
const DISK = { url: 'https://images.example/disk.qcow2', sha256: 'a'.repeat(64), format: 'qcow2' } as const;

/** One for each route: a route that lacks its case does not compile. */
const CASES: Readonly<Record<OperationName, Case>> = {
  createVm: {
    ask: () => ({ body: { name: `own-${made++}`, labels: { team: 'blue' } } }),
    status: 202,
    failing: { ask: { body: { name: 'first' } }, status: 409, reason: 'vm.name_taken' },
  },
  listVms: {
    ask: () => ({ query: { limit: 2, phase: ['running', 'stopped'] } }),
    status: 200,
    failing: { ask: { query: { limit: 201 } }, status: 400, reason: 'request.invalid' },
  },
  getVm: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
  waitForVm: {
    ask: () => ({ ...RUNNING, query: { phase: 'running', timeout: 5 } }),
    status: 200,
    failing: {
      ask: { ...RUNNING, query: { phase: 'stopped', timeout: 0 } },
      status: 504,
      reason: 'vm.wait_timeout',
    },
  },
  updateVm: {
    ask: async () => ({ ...(await vm('running')), body: { ttl_seconds: 3600, auto_wake: false } }),
    status: 200,
    failing: {
      ask: { ...RUNNING, body: { expires_at: '2001-01-01T00:00:00.000Z' } },
      status: 400,
      reason: 'vm.invalid_expiry',
    },
  },
  getVmConfig: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
  updateVmConfig: {
    ask: async () => ({ ...(await vm('running')), body: { vcpus: 4, labels: { team: 'blue' } } }),
    status: 200,
    failing: { ask: { ...RUNNING, body: { disk_gib: 1 } }, status: 400, reason: 'vm.disk_cannot_shrink' },
  },
  listVmRevisions: { ask: () => ({ ...RUNNING, query: { limit: 10 } }), status: 200, failing: UNKNOWN_VM },
  getVmRevision: {
    ask: () => ({ params: { ref: 'first', number: '1' } }),
    status: 200,
    failing: { ask: { params: { ref: 'first', number: '999' } }, status: 404, reason: 'vm.unknown_revision' },
  },
  rollBackVm: {
    ask: async () => {
      const own = await vm('running');
      await client.vms.update(own.params?.['ref'] ?? '', { auto_wake: false });
      return { ...own, body: { revision: 1 } };
    },
    status: 200,
    failing: { ask: { ...RUNNING, body: { revision: 999 } }, status: 404, reason: 'vm.unknown_revision' },
  },
  readConsole: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
  startVm: {
    ask: () => vm('stopped'),
    status: 202,
    failing: { ask: RUNNING, status: 409, reason: 'vm.already_running' },
  },
  stopVm: {
    ask: async () => ({ ...(await vm('running')), body: { grace_ms: 1000 } }),
    status: 202,
    failing: { ask: { ...RUNNING, headers: { 'if-match': '"other"' } }, status: 412, reason: 'vm.changed' },
  },
  restartVm: { ask: () => vm('running'), status: 202, failing: UNKNOWN_VM },
  pauseVm: { ask: () => vm('running'), status: 202, failing: NOT_RUNNING },
  suspendVm: { ask: () => vm('running'), status: 202, failing: NOT_RUNNING },
  resumeVm: { ask: () => vm('paused'), status: 202, failing: { ask: RUNNING, status: 409, reason: 'vm.not_paused' } },
  deleteVm: { ask: () => vm('running'), status: 202, failing: UNKNOWN_VM },
  execInVm: {
    ask: () => ({ ...RUNNING, body: { argv: ['echo', 'hi'] } }),
    status: 200,
    failing: { ask: { params: { ref: 'stopped' }, body: { argv: ['true'] } }, status: 409, reason: 'vm.not_running' },
  },
  getExecution: {
    ask: async () => ({ params: { id: await runningCommand() } }),
    status: 200,
    failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
  },
  listExecutions: { ask: () => RUNNING, status: 200, failing: UNKNOWN_VM },
  readOutput: {
    ask: async () => ({
      params: { id: (await client.executions.run('first', { argv: ['echo', 'hi'] })).execution.id },
    }),
    status: 200,
    failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
  },
  writeStdin: {
    ask: async () => ({ params: { id: await runningCommand() }, query: { end: true }, body: Buffer.from('hi') }),
    status: 200,
    failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
  },
  signalExecution: {
    ask: async () => ({ params: { id: await runningCommand() }, body: { signal: 'SIGTERM' } }),
    status: 204,
    failing: {
      ask: { params: { id: NO_EXECUTION }, body: { signal: 'SIGNONE' } },
      status: 400,
      reason: 'execution.unknown_signal',
    },
  },
  cancelExecution: {
    ask: async () => ({ params: { id: await runningCommand() } }),
    status: 200,
    failing: { ask: { params: { id: NO_EXECUTION } }, status: 404, reason: 'execution.unknown' },
  },
  resizeExecution: {
    ask: async () => ({ params: { id: await runningCommand() }, body: { rows: 40, columns: 100 } }),
    status: 204,
    failing: {
      ask: { params: { id: NO_EXECUTION }, body: { rows: 0, columns: 100 } },
      status: 400,
      reason: 'request.invalid',
    },
  },
  readFile: { ask: () => ({ ...RUNNING, query: { path: '/root/kept' } }), status: 200, failing: unknownFile() },
  writeFile: {
    ask: () => ({
      ...RUNNING,
      query: { path: '/root/new/file', mode: '0600', parents: true },
      body: Buffer.from('hello'),
    }),
    status: 200,
    failing: { ask: { ...RUNNING, query: { path: 'relative' } }, status: 400, reason: 'request.invalid' },
  },
  deleteFile: {
    ask: async () => {
      await client.files.write('first', '/root/doomed', 'x');
      return { ...RUNNING, query: { path: '/root/doomed' } };
    },
    status: 204,
    failing: unknownFile(),
  },
  listFiles: { ask: () => ({ ...RUNNING, query: { path: '/root', limit: 1 } }), status: 200, failing: unknownFile() },
  statFile: { ask: () => ({ ...RUNNING, query: { path: '/root/kept' } }), status: 200, failing: unknownFile() },
  makeDirectory: {
    ask: () => ({ ...RUNNING, body: { path: '/root/deep/er', parents: true } }),
    status: 204,
    failing: { ask: { params: { ref: 'stopped' }, body: { path: '/root/d' } }, status: 409, reason: 'vm.not_running' },
  },
  renameFile: {
    ask: async () => {
      await client.files.write('first', '/root/old-name', 'x');
      return { ...RUNNING, body: { from: '/root/old-name', to: '/root/new-name' } };
    },
    status: 204,
    failing: {
      ask: { ...RUNNING, body: { from: '/no/such/file', to: '/root/x' } },
      status: 404,
      reason: 'guest.no_such_file',
    },
  },
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
      params: { id: (await client.vms.create({ name: `own-${made++}`, labels: { 'simulate.agent': 'silent' } })).id },
    }),
    status: 200,
    failing: { ask: { params: { id: NO_OPERATION } }, status: 404, reason: 'operation.unknown' },
  },
  listEvents: {
    ask: () => ({ query: { after: 0, limit: 3, type: ['vm.started', 'vm.created'], vm: 'first' } }),
    status: 200,
    failing: { ask: { query: { type: 'vm.exploded' } }, status: 400, reason: 'request.invalid' },
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
    ask: () => ({ body: { name: `own-${made++}`, description: 'Of a test', disk: DISK } }),
    status: 202,
    failing: { ask: { body: { name: 'base', recipe: { packages: ['jq'] } } }, status: 409, reason: 'image.built_in' },
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
      return { url: unused.server.url, params: { ref: 'base' } };
    },
    status: 200,
    failing: { ask: { params: { ref: 'nothing' } }, status: 404, reason: 'image.unknown' },
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
  deleteTool: {
    ask: async () => {
      await client.operations.finish((await client.tools.build('bun')).id);
      return { params: { ref: 'bun' } };
    },
    status: 200,
    failing: { ask: { params: { ref: 'teapot' } }, status: 404, reason: 'tool.not_built' },
  },
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
  ...templateCases(() => client),
  ...warmTemplateCases(() => client),
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
  createSnapshot: {
    ask: () => ({ ...RUNNING, body: { name: `saved-${made++}`, description: 'before', labels: { team: 'blue' } } }),
    status: 202,
    failing: { ask: { params: { ref: 'stopped' } }, status: 409, reason: 'vm.not_running' },
  },
  listSnapshots: {
    ask: async () => {
      await snapshot();
      return { query: { vm: 'first', state: 'ready', limit: 1 } };
    },
    status: 200,
    failing: { ask: { query: { vm: 'nobody' } }, status: 404, reason: 'vm.unknown' },
  },
  getSnapshot: { ask: snapshot, status: 200, failing: UNKNOWN_SNAPSHOT },
  deleteSnapshot: { ask: snapshot, status: 202, failing: UNKNOWN_SNAPSHOT },
  createVmFromSnapshot: {
    ask: async () => ({ ...(await snapshot()), body: { name: `own-${made++}`, disk_gib: 9 } }),
    status: 202,
    failing: UNKNOWN_SNAPSHOT,
  },
  forkVm: {
    ask: () => ({ ...RUNNING, body: { count: 2, name_prefix: `fork-${made++}` } }),
    status: 202,
    failing: { ask: { params: { ref: 'stopped' } }, status: 409, reason: 'vm.not_running' },
  },
  restoreVm: {
    ask: async () => ({ ...(await vm('running')), body: { snapshot: (await snapshot()).params?.['ref'] } }),
    status: 202,
    failing: { ask: { ...RUNNING, body: { snapshot: NO_SNAPSHOT } }, status: 404, reason: 'snapshot.unknown' },
  },
  ...webhookCases(() => client),
  ...accountCases(() => client),
  ...secretCases(() => client),
  ...workloadCases(),
  ...authCases(() => ({ url: server.url, client })),
  getCapabilities: {
    ask: () => ({}),
    status: 200,
    failing: { ask: { headers: { authorization: 'Bearer wrong' } }, status: 401, reason: 'auth.key_invalid' },
  },
  getOpenApi: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  getHealth: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  getReadiness: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  listAudit: {
    ask: () => ({ query: { principal: 'admin', action: 'vm.create', target: 'first', result: 'ok', limit: 1 } }),
    status: 200,
    failing: { ask: { query: { since: 'yesterday' } }, status: 400, reason: 'request.invalid' },
  },
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
  const [used, empty] = await Promise.all([runServer(WARM), runServer()]);
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
    },
  };
}

/** Every route with its examples, in the order of the table. */
export const EVERY_CASE: readonly (readonly [OperationName, Route, Case])[] = Object.values(routes).map((route) => [
  route.operationId,
  route,
  CASES[route.operationId],
]);

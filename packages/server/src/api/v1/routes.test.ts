import { type OperationName, type Problem, type Route, routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faultsOf } from '../testing/conformance.ts';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { type Ask, send } from '../testing/send.ts';
import { accountCases } from './account-routes.test-kit.ts';
import { authCases } from './auth-routes.test-kit.ts';
import {
  type Case,
  NO_EXECUTION,
  NO_OPERATION,
  NO_SNAPSHOT,
  NOT_RUNNING,
  RUNNING,
  UNKNOWN_SNAPSHOT,
  UNKNOWN_VM,
  UNKNOWN_WEBHOOK,
  unknownFile,
} from './routes.test-kit.ts';
import { givenSecrets, secretCases } from './secret-cases.test-kit.ts';
import { WARM, warmTemplateCases } from './warm-templates.test-kit.ts';

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

/** A webhook that leads nowhere: the name is one that is never given to anybody. */
async function webhook(): Promise<Ask> {
  const { id } = await client.webhooks.create({ url: 'http://hooks.invalid/', is_enabled: false });
  return { params: { id } };
}

/** A snapshot of its own, complete. */
async function snapshot(): Promise<Ask> {
  const { id, subject } = await client.snapshots.create('first');
  await client.operations.finish(id);
  return { params: { ref: subject.id ?? '' } };
}

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
  createWebhook: {
    ask: () => ({ body: { url: 'https://hooks.invalid/in', types: ['vm.started'], vm: 'first', is_enabled: false } }),
    status: 201,
    failing: { ask: { body: { url: 'http://127.0.0.1:1/' } }, status: 400, reason: 'webhook.target_refused' },
  },
  listWebhooks: {
    ask: async () => {
      await webhook();
      return { query: { limit: 1 } };
    },
    status: 200,
    failing: { ask: { query: { cursor: 'vm_x' } }, status: 400, reason: 'request.invalid' },
  },
  getWebhook: { ask: webhook, status: 200, failing: UNKNOWN_WEBHOOK },
  updateWebhook: {
    ask: async () => ({ ...(await webhook()), body: { rotate_secret: true, description: 'New', vm: null } }),
    status: 200,
    failing: { ...UNKNOWN_WEBHOOK, ask: { ...UNKNOWN_WEBHOOK.ask, body: { is_enabled: true } } },
  },
  deleteWebhook: { ask: webhook, status: 204, failing: UNKNOWN_WEBHOOK },
  testWebhook: { ask: webhook, status: 200, failing: UNKNOWN_WEBHOOK },
  listWebhookDeliveries: {
    ask: async () => {
      const tested = await webhook();
      await client.webhooks.test(tested.params?.['id'] ?? '');
      return { ...tested, query: { state: 'dead' } };
    },
    status: 200,
    failing: UNKNOWN_WEBHOOK,
  },
  replayWebhook: {
    ask: async () => ({ ...(await webhook()), body: { sequences: [1, 2] } }),
    status: 200,
    failing: { ...UNKNOWN_WEBHOOK, ask: { ...UNKNOWN_WEBHOOK.ask, body: { after: 0 } } },
  },
  ...accountCases(() => client),
  ...secretCases(() => client),
  ...authCases(() => ({ url: server.url, client })),
  getCapabilities: {
    ask: () => ({}),
    status: 200,
    failing: { ask: { headers: { authorization: 'Bearer wrong' } }, status: 401, reason: 'auth.key_invalid' },
  },
  getOpenApi: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  getHealth: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
  getReadiness: { ask: () => ({}), status: 200, failing: { ask: {}, status: 405, reason: 'route.method_not_allowed' } },
};

beforeAll(async () => {
  const [used, empty] = await Promise.all([runServer(WARM), runServer()]);
  server = used;
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  unused = { server: empty, client: createClient({ baseUrl: empty.url, apiKey: ADMIN_KEY }) };
  const secrets = await givenSecrets(client);
  await client.operations.finish((await client.vms.create({ name: 'first', secrets })).id);
  await client.operations.finish((await client.vms.create({ name: 'stopped', start: false })).id);
  await client.files.write('first', '/root/kept', 'hello');
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await unused?.server[Symbol.asyncDispose]();
});

const table: readonly (readonly [OperationName, Route, Case])[] = Object.values(routes).map((route) => [
  route.operationId,
  route,
  CASES[route.operationId],
]);

describe.each(table)('%s', (_name, route, { ask, status, failing }) => {
  it('works as its example shows, and answers as its schema says', async () => {
    const asked = await ask();
    const answer = await send(asked.url ?? server.url, route, asked);

    expect(answer.status, answer.text).toBe(status);
    expect(faultsOf(route, answer)).toEqual([]);
  });

  it(`fails with ${failing.status} ${failing.reason}`, async () => {
    const asked = failing.reason === 'route.method_not_allowed' ? { ...route, method: 'DELETE' as const } : route;

    const answer = await send(server.url, asked, failing.ask);

    const problem: Problem = JSON.parse(answer.text);
    expect(problem).toMatchObject({ status: failing.status, reason: failing.reason });
    expect(faultsOf(route, answer)).toEqual([]);
  });

  it(route.permission === 'none' ? 'needs no key' : 'needs a key, and the right one', async () => {
    const without = await send(server.url, route, { ...failing.ask, headers: { authorization: '' } });
    const wrong = await send(server.url, route, { ...failing.ask, headers: { authorization: 'Bearer wrong' } });

    // By its own method each of those answers; the others fail by what they were asked, not by who asks.
    const unasked = failing.reason === 'route.method_not_allowed' ? 200 : failing.status;
    const expected = route.permission === 'none' ? unasked : 401;
    expect([without.status, wrong.status]).toEqual([expected, expected]);
    expect([...faultsOf(route, without), ...faultsOf(route, wrong)]).toEqual([]);
  });
});

describe('the reasons in the table', () => {
  it('name every reason that the cases show', () => {
    const common = ['request.invalid', 'route.method_not_allowed', 'auth.key_missing', 'auth.key_invalid'];
    for (const [name, route, { failing }] of table) {
      if (!common.includes(failing.reason)) expect(route.errors[failing.status], name).toContain(failing.reason);
    }
  });
});

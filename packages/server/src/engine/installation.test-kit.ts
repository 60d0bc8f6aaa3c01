import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryBus } from '../adapters/bus/memory-bus.ts';
import { createWebDocuments } from '../adapters/documents/web-documents.ts';
import { createSimulatedDriver } from '../adapters/drivers/simulated/simulated-driver.ts';
import { createSimulatedImages } from '../adapters/drivers/simulated/simulated-images.ts';
import { createSimulatedTools } from '../adapters/drivers/simulated/simulated-tools.ts';
import { createSimulatedWorld, type SimulatedWorld } from '../adapters/drivers/simulated/simulated-world.ts';
import { createHostMeter } from '../adapters/hosts/host-meter.ts';
import { createHostProbe } from '../adapters/hosts/host-probe.ts';
import { createArgon2Hasher } from '../adapters/identity/argon2-hasher.ts';
import { createJwtSigner } from '../adapters/identity/jwt-signer.ts';
import { createNodeKeyMaterial } from '../adapters/identity/node-key-material.ts';
import { createTotpCodes } from '../adapters/identity/totp-codes.ts';
import { openSqliteLogs } from '../adapters/logs/sqlite/sqlite-logs.ts';
import { createPrometheusMeter } from '../adapters/meters/prometheus-meter.ts';
import { openSqliteMetrics } from '../adapters/metrics/sqlite-metrics.ts';
import { createSimulatedNetworks } from '../adapters/networks/simulated-networks.ts';
import { createMemoryQueue } from '../adapters/queue/memory-queue.ts';
import { createMemoryRateLimiter } from '../adapters/rate-limits/memory-rate-limiter.ts';
import { createKeyFileFingerprinter } from '../adapters/secrets/key-file-fingerprinter.ts';
import { keysOfFile } from '../adapters/secrets/key-store.ts';
import { createKeyring } from '../adapters/secrets/keyring.ts';
import { createFetcher } from '../adapters/shared/fetch/fetcher.ts';
import { createSqliteStore } from '../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../adapters/system/pino-log.ts';
import { createSystemClock } from '../adapters/system/system-clock.ts';
import { createSystemIds } from '../adapters/system/system-ids.ts';
import { createHttpWebhookSender } from '../adapters/webhooks/http-webhook-sender.ts';
import type { HostId } from '../domain/ids.ts';
import { parseAllowedTargets } from '../domain/net/target.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { Driver } from '../ports/driver.ts';
import type { HostProbe } from '../ports/host-facts.ts';
import type { ImageSource } from '../ports/image-source.ts';
import type { Integration } from '../ports/integration.ts';
import type { LogStore } from '../ports/log-store.ts';
import type { Store } from '../ports/store.ts';
import type { ToolSource } from '../ports/tool-source.ts';
import type { Tracer } from '../ports/tracer.ts';
import type { NewTemplate } from './apis/template-api.ts';
import { createEngine, type RunningEngine } from './create-engine.ts';
import { ENGINE_DEFAULTS, type EngineConfig, type WebhookLimits } from './deps.ts';
import { createDrivers } from './drivers.ts';
import { ADMIN, ADMIN_KEY } from './principals.test-kit.ts';

export { ADMIN };

/** A server's engine over a real database and a simulated host. Stopping it leaves both as they are. */
export interface TestServer {
  readonly engine: RunningEngine;
  readonly store: Store;
  readonly bus: Bus;
  readonly logs: LogStore;
  stop(): Promise<void>;
}

/** A database and a host that outlive the servers that work on them, as after a restart. */
export interface Installation extends AsyncDisposable {
  /** With the database and the keys. */
  readonly dataDir: string;
  readonly world: SimulatedWorld;
  /** What the next server brings. */
  readonly builtInTemplates: NewTemplate[];
  /** What the next server has besides the driver of `world`; to be closed by who made them. */
  readonly otherDrivers: Driver[];
  start(
    wrapDriver?: (driver: Driver) => Driver,
    wrapImages?: (images: ImageSource) => ImageSource,
    wrapProbe?: (probe: HostProbe) => HostProbe,
    wrapStore?: (store: Store) => Store,
    wrapTools?: (tools: ToolSource) => ToolSource,
  ): Promise<TestServer>;
}

/** What is other than usual. */
export interface InstallationOptions {
  readonly settings?: Partial<EngineConfig['limits'] & EngineConfig['timers']>;
  readonly clock?: Clock;
  readonly webhooks?: Partial<WebhookLimits>;
  readonly alerts?: Partial<EngineConfig['alerts']>;
  readonly workspaces?: Partial<EngineConfig['workspaces']>;
  readonly warm?: Partial<EngineConfig['warm']>;
  readonly builtInTemplates?: readonly NewTemplate[];
  readonly tracer?: Tracer;
  readonly integrations?: readonly Integration[];
}

export function createInstallation({
  settings = {},
  clock = createSystemClock(),
  webhooks = {},
  alerts = {},
  workspaces = {},
  warm = {},
  builtInTemplates: builtIn = [],
  tracer,
  integrations = [],
}: InstallationOptions = {}): Installation {
  const builtInTemplates = [...builtIn];
  const otherDrivers: Driver[] = [];
  const ids = createSystemIds();
  const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
  const dataDir = mkdtempSync(join(tmpdir(), 'volary-test-engine-'));
  const world = createSimulatedWorld({ clock });
  /** Of the server that was started last. */
  let current: Store | null = null;
  const allImages = createSimulatedImages(async (name) => (await current?.images.get(name))?.definition ?? null);
  const hostId: HostId = ids.create('host');
  const { limits, timers } = ENGINE_DEFAULTS;
  const config: EngineConfig = {
    version: 'test',
    hostId,
    adminKey: ADMIN_KEY,
    limits: { ...limits, bootMs: 2_000, ...settings },
    timers: { ...timers, ...settings },
    webhooks: { ...ENGINE_DEFAULTS.webhooks, ...webhooks },
    alerts: { ...ENGINE_DEFAULTS.alerts, ...alerts },
    workspaces: { ...ENGINE_DEFAULTS.workspaces, ...workspaces },
    // What is made in the background is in the way of whoever looks at something else.
    warm: { ...ENGINE_DEFAULTS.warm, isEnabled: false, ...warm },
    rateLimits: ENGINE_DEFAULTS.rateLimits,
    sessions: ENGINE_DEFAULTS.sessions,
  };
  const servers = new Set<TestServer>();

  async function start(
    wrapDriver: (driver: Driver) => Driver = (driver) => driver,
    wrapImages: (images: ImageSource) => ImageSource = (images) => images,
    wrapProbe: (probe: HostProbe) => HostProbe = (probe) => probe,
    wrapStore: (store: Store) => Store = (store) => store,
    wrapTools: (tools: ToolSource) => ToolSource = (tools) => tools,
  ): Promise<TestServer> {
    const store = wrapStore(await createSqliteStore({ path: join(dataDir, 'volary.db') }));
    current = store;
    const driver = wrapDriver(createSimulatedDriver({ world }));
    const logs = openSqliteLogs(join(dataDir, 'logs.db'), { log, writer: 'here' });
    const queue = createMemoryQueue({ clock, log, random: ids.random });
    const bus = createMemoryBus({ log });
    const hostProbe = wrapProbe(createHostProbe({ dataDir }));
    const images = wrapImages(allImages);
    const tools = wrapTools(createSimulatedTools(() => clock.now()));
    const keyring = createKeyring(keysOfFile(join(dataDir, 'secrets.key'), log));
    const webhookSender = createHttpWebhookSender(
      { clock, toBody: (event) => JSON.stringify(event) },
      { version: 'test', allowedTargets: parseAllowedTargets('127.0.0.1'), timeoutMs: 1_000 },
    );
    const documents = createWebDocuments({
      fetcher: createFetcher({ allowedTargets: parseAllowedTargets('127.0.0.2'), version: 'test', retryMs: 1 }),
    });
    const rateLimiter = createMemoryRateLimiter({ clock });
    // A step of the clock brings about all that it does before it ends.
    const turns = { share: async () => undefined };
    const engine = createEngine(
      {
        tools,
        networks: createSimulatedNetworks(),
        tracer: tracer ?? null,
        metrics: openSqliteMetrics(':memory:', { log }),
        logs,
        logArchive: null,
        drivers: createDrivers(driver, otherDrivers),
        turns,
        meter: createPrometheusMeter({ turns }),
        hostMeter: createHostMeter({ dataDir }),
        ...{ store, images, queue, bus, clock, ids, hostProbe, log, webhookSender },
        rateLimiter,
        documents,
        integrations,
        keyring,
        fingerprinter: createKeyFileFingerprinter(join(dataDir, 'fingerprint.key'), log),
        keyMaterial: createNodeKeyMaterial(),
        tokenSigner: createJwtSigner(),
        oneTimeCodes: createTotpCodes(),
        passwordHasher: createArgon2Hasher({ atOnce: 1, maxWaiting: 100 }),
        builtInTemplates: async () => builtInTemplates,
        cloudInitProgram: async () => ({ stages: 'stages', config: 'config' }),
      },
      config,
    );
    const server: TestServer = {
      engine,
      store,
      bus,
      logs,
      async stop() {
        if (!servers.delete(server)) return;
        await engine.stop();
        await driver[Symbol.asyncDispose]();
        await logs[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      },
    };
    servers.add(server);
    await engine.start();
    return server;
  }

  return {
    ...{ dataDir, world, builtInTemplates, otherDrivers, start },
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server.stop();
      rmSync(dataDir, { recursive: true });
    },
  };
}

/** Puts the server together: the one place that knows every adapter. */

import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createMemoryBus } from './adapters/bus/memory-bus.ts';
import { createWebDocuments } from './adapters/documents/web-documents.ts';
import { killAtFaultPoint } from './adapters/fault-points/kill-at-fault-point.ts';
import {
  driverWithFaultPoints,
  imagesWithFaultPoints,
  networksWithFaultPoints,
  storeWithFaultPoints,
} from './adapters/fault-points/with-fault-points.ts';
import { createHostMeter } from './adapters/hosts/host-meter.ts';
import { createHostProbe } from './adapters/hosts/host-probe.ts';
import { createSimulatedHostProbe } from './adapters/hosts/simulated-host-probe.ts';
import { createArgon2Hasher } from './adapters/identity/argon2-hasher.ts';
import { createJwtSigner } from './adapters/identity/jwt-signer.ts';
import { createNodeKeyMaterial } from './adapters/identity/node-key-material.ts';
import { createTotpCodes } from './adapters/identity/totp-codes.ts';
import { createIntegrations } from './adapters/integrations/create-integrations.ts';
import { createLokiLogs, type LokiLogs } from './adapters/logs/loki/loki-logs.ts';
import { openSqliteLogs } from './adapters/logs/sqlite/sqlite-logs.ts';
import { createPrometheusMeter } from './adapters/meters/prometheus-meter.ts';
import { openSqliteMetrics } from './adapters/metrics/sqlite-metrics.ts';
import { createMemoryQueue } from './adapters/queue/memory-queue.ts';
import { createMemoryRateLimiter } from './adapters/rate-limits/memory-rate-limiter.ts';
import { createRedisRateLimiter } from './adapters/rate-limits/redis-rate-limiter.ts';
import { createKeyFileFingerprinter } from './adapters/secrets/key-file-fingerprinter.ts';
import { givenKeys, keysOfFile } from './adapters/secrets/key-store.ts';
import { createKeyring } from './adapters/secrets/keyring.ts';
import { createCheckpoints } from './adapters/shared/checkpoints.ts';
import { lockDataDir } from './adapters/shared/data-dir-lock.ts';
import { type DiskReserve, openDiskReserve } from './adapters/shared/disk-reserve.ts';
import { createFetcher } from './adapters/shared/fetch/fetcher.ts';
import { createSqliteStore } from './adapters/stores/sqlite/sqlite-store.ts';
import { createKeptLog } from './adapters/system/kept-log.ts';
import { createSystemClock } from './adapters/system/system-clock.ts';
import { createSystemIds } from './adapters/system/system-ids.ts';
import { logWithTraces } from './adapters/tracing/log-with-traces.ts';
import { createHttpWebhookSender } from './adapters/webhooks/http-webhook-sender.ts';
import { toEventDto } from './api/v1/dto/event-dto.ts';
import { readBuiltInTemplates } from './built-in-templates.ts';
import { readCloudInitProgram } from './cloud-init-program.ts';
import { GUEST_PATH, type MachineDeps, type Machines } from './compose-machines.ts';
import { type AdminKey, obtainAdminKey } from './config/admin-key.ts';
import type { Config } from './config/config.ts';
import { VolaryError } from './domain/errors.ts';
import { type HostId, parseId } from './domain/ids.ts';
import { createEngine, type RunningEngine } from './engine/create-engine.ts';
import { ENGINE_DEFAULTS } from './engine/deps.ts';
import { createDrivers } from './engine/drivers.ts';
import { createLoopTurns } from './lib/loop-turns.ts';
import type { Clock } from './ports/clock.ts';
import type { Driver } from './ports/driver.ts';
import type { HostProbe } from './ports/host-facts.ts';
import type { Ids } from './ports/ids.ts';
import type { FindDefinition } from './ports/image-source.ts';
import type { Log } from './ports/log.ts';
import type { RateLimiter } from './ports/rate-limiter.ts';
import type { Keyring } from './ports/sealer.ts';
import type { Store } from './ports/store.ts';
import type { Tracer } from './ports/tracer.ts';
import { VERSION } from './version.ts';

/** What a server is made of. Disposing closes its parts in order; the engine must have been stopped before. */
export interface Composition extends AsyncDisposable {
  readonly engine: RunningEngine;
  readonly ids: Ids;
  readonly diskReserve: DiskReserve;
  /** Writes out, and keeps what it has written. */
  readonly log: Log;
  /** Null: nothing is traced. */
  readonly tracer: Tracer | null;
  readonly adminKey: AdminKey;
}

/** How long work on many VMs may keep requests waiting, milliseconds. */
const TURN_MS = 4;

/** Throws what opening the data directory may: `failed_precondition` server.data_dir_in_use, store.newer_version … */
export async function compose(config: Config, written: Log): Promise<Composition> {
  await using parts = new AsyncDisposableStack();
  const clock = createSystemClock();
  const ids = createSystemIds();
  const turns = createLoopTurns({ longestMs: TURN_MS });
  parts.use(lockDataDir(config.dataDir));
  // What is said about keeping lines, and about hints of them, is not kept: it would come back for ever.
  const checkpoints = parts.use(createCheckpoints({ log: written }));
  const local = openSqliteLogs(join(config.dataDir, 'logs.db'), { log: written, checkpoints });
  const loki = openLoki(config, { local, clock, log: written, random: ids.random });
  const logs = parts.use(loki?.logs ?? local);
  const bus = createMemoryBus({ log: written });
  const kept = parts.use(createKeptLog({ log: written, logs, clock, kept: () => bus.publish('logs', '') }));
  const tracer = await createTracer(config, kept.log);
  if (tracer !== null) parts.use(tracer);
  const log = tracer === null ? kept.log : logWithTraces(kept.log, tracer);
  const keyring = openKeyring(config, log);
  const diskReserve = parts.use(openDiskReserve(config.dataDir, { log }));
  const faultPoint = config.faultPoint === null ? null : killAtFaultPoint(config.faultPoint);
  const database = join(config.dataDir, config.database);
  const sqlite = parts.use(await createSqliteStore({ path: database, turns, checkpoints }));
  const store = faultPoint === null ? sqlite : storeWithFaultPoints(sqlite, faultPoint);
  const metrics = parts.use(openSqliteMetrics(join(config.dataDir, 'metrics.db'), { log }));
  const adminKey = obtainAdminKey(config.dataDir, config.adminKey);
  const hostId = await obtainHostId(store, ids);
  loki?.begin(hostId);
  const definitionOf: FindDefinition = async (name) => (await store.images.get(name))?.definition ?? null;
  const machines = await createMachines(config, { installationId: hostId, clock, log, faultPoint, definitionOf });
  const [driver, ...others] = machines.drivers;
  for (const each of machines.drivers) parts.use(each);
  const mayDie = (each: Driver): Driver => (faultPoint === null ? each : driverWithFaultPoints(each, faultPoint));
  const engine = createEngine(
    {
      store,
      drivers: createDrivers(mayDie(driver), others.map(mayDie)),
      images: faultPoint === null ? machines.images : imagesWithFaultPoints(machines.images, faultPoint),
      tools: machines.tools,
      networks: faultPoint === null ? machines.networks : networksWithFaultPoints(machines.networks, faultPoint),
      metrics,
      logs,
      logArchive: loki?.archive ?? null,
      queue: createMemoryQueue({ clock, log, random: ids.random }),
      bus,
      clock,
      turns,
      ids,
      keyring,
      fingerprinter: createKeyFileFingerprinter(join(config.dataDir, 'fingerprint.key'), log),
      hostProbe: probeOf(config),
      hostMeter: createHostMeter({ dataDir: config.dataDir }),
      meter: createPrometheusMeter({ turns }),
      // A webhook gets an event as /v1 shows it.
      webhookSender: createHttpWebhookSender(
        { clock, toBody: (event) => JSON.stringify(toEventDto(event)) },
        { version: VERSION, allowedTargets: config.webhookAllowedTargets },
      ),
      integrations: createIntegrations({ clock }, { ...config.integrations, version: VERSION }),
      documents: createWebDocuments({
        fetcher: createFetcher({ allowedTargets: config.downloadAllowedTargets, version: VERSION }),
      }),
      rateLimiter: await createRateLimiter(config, { clock, log, parts }),
      keyMaterial: createNodeKeyMaterial(),
      tokenSigner: createJwtSigner(),
      oneTimeCodes: createTotpCodes(),
      passwordHasher: createArgon2Hasher({ atOnce: passwordsAtOnce(), maxWaiting: 500 }),
      cloudInitProgram: () => readCloudInitProgram(join(GUEST_PATH, 'cloud-init')),
      builtInTemplates: () => readBuiltInTemplates(join(GUEST_PATH, 'templates')),
      tracer,
      log,
    },
    {
      ...ENGINE_DEFAULTS,
      limits: {
        ...{ ...ENGINE_DEFAULTS.limits, ...config.retention, quota: config.quota },
        memoryOverheadMib: driver.capabilities.memoryOverheadMib,
      },
      alerts: config.alerts,
      webhooks: { ...ENGINE_DEFAULTS.webhooks, ...config.webhookRetries },
      rateLimits: config.rateLimits,
      sessions: { ...ENGINE_DEFAULTS.sessions, ...config.sessions },
      warm: config.warm,
      workspaces: config.workspaces,
      version: VERSION,
      hostId,
      adminKey: adminKey.key,
    },
  );
  const all = parts.move();
  return { engine, ids, diskReserve, adminKey, tracer, log, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function openLoki({ loki }: Config, deps: Parameters<typeof createLokiLogs>[0]): LokiLogs | null {
  return loki === null ? null : createLokiLogs(deps, loki);
}

/** What seals secrets in the database. */
function openKeyring({ dataDir, secretsKey }: Config, log: Log): Keyring {
  return createKeyring(secretsKey === null ? keysOfFile(join(dataDir, 'secrets.key'), log) : givenKeys(secretsKey));
}

/** What admits VMs: this machine, or what the host of simulated ones is said to have. */
function probeOf({ dataDir, simulatedHost }: Config): HostProbe {
  const real = createHostProbe({ dataDir });
  return simulatedHost === null ? real : createSimulatedHostProbe(real, simulatedHost);
}

/** One core is left to those who have logged in already. */
function passwordsAtOnce(): number {
  return Math.min(2, Math.max(1, availableParallelism() - 1));
}

/** This installation's one host. Its id is also what marks our machines as ours. */
async function obtainHostId(store: Store, ids: Ids): Promise<HostId> {
  const id = parseId('host', await store.settings.getOrInsert('host_id', ids.create('host')));
  if (id !== null) return id;
  throw new VolaryError('data_loss', 'The id of this installation in the database is damaged.', {
    reason: 'store.damaged',
  });
}

/** Callers are counted by this server, or by all servers together where there is a Redis. */
async function createRateLimiter(
  { redisUrl }: Config,
  { clock, log, parts }: { readonly clock: Clock; readonly log: Log; readonly parts: AsyncDisposableStack },
): Promise<RateLimiter> {
  const alone = createMemoryRateLimiter({ clock });
  return redisUrl === null ? alone : parts.use(await createRedisRateLimiter({ alone, clock, log }, { url: redisUrl }));
}

/** Null where no traces are wanted: then what exports them is not even loaded. */
async function createTracer({ tracing }: Config, log: Log): Promise<Tracer | null> {
  if (tracing === null) return null;
  const { createOtlpTracer } = await import('./adapters/tracing/otlp-tracer.ts');
  const { serviceName, resource, ...others } = tracing;
  const named = { ...resource, 'service.name': serviceName, 'service.version': VERSION };
  return createOtlpTracer({ log }, { ...others, resource: named });
}

/** The driver that was asked for and those beside it, with what their machines start from. What is for others is not even loaded. */
async function createMachines(config: Config, deps: MachineDeps): Promise<Machines> {
  if (config.driver === 'simulated') {
    const { createSimulatedMachines } = await import('./compose-simulated.ts');
    return createSimulatedMachines(config, deps);
  }
  const { createRealMachines } = await import('./compose-real.ts');
  return await createRealMachines(config, deps);
}

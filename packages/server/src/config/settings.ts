import { parseArgs } from 'node:util';
import { VolaryError } from '../domain/errors.ts';
import { GATEWAY_SECTIONS, GATEWAY_SOURCES, type GatewaySettings } from './gateway-settings.ts';
import { INTEGRATION_SOURCES, type IntegrationTexts } from './integrations.ts';
import { TRANSPORT_SOURCES, type TransportSettings } from './transport-settings.ts';
import { type Env, readYamlFile } from './yaml-file.ts';

/** What was told, as text, before it is checked. Null where nothing was. */
export interface Settings {
  readonly dataDir: string | null;
  readonly cacheDir: string | null;
  /** The name of a file in the data directory. */
  readonly database: string | null;
  /** `HOST:PORT` and `DIALECT=HOST:PORT`, with commas between them. */
  readonly listen: string | null;
  readonly devAuth: string | null;
  readonly driver: string | null;
  readonly adminKey: string | null;
  readonly secretsKey: string | null;
  readonly logLevel: string | null;
  /** Ranges of addresses and HOST:PORTs, with commas between them. */
  readonly webhookAllowedTargets: string | null;
  /** The same for downloads. */
  readonly downloadAllowedTargets: string | null;
  readonly networkUplink: string | null;
  /** Paths, with commas between them. */
  readonly imageFolders: string | null;
  readonly imageMaxGib: string | null;
  readonly npmRegistry: string | null;
  readonly dockerSocket: string | null;
  /** `NAME: N`, with commas between them. */
  readonly simulatedHost: string | null;
  readonly webhookFirstRetrySeconds: string | null;
  readonly webhookLongestRetrySeconds: string | null;
  readonly webhookGiveUpHours: string | null;
  readonly webhookMaxTries: string | null;
  readonly webhookDisableAfterHours: string | null;
  readonly webhookDisableAfterTries: string | null;
  readonly faultPoint: string | null;
  readonly eventRetentionHours: string | null;
  readonly eventMaxCount: string | null;
  readonly finishedRetentionHours: string | null;
  readonly auditRetentionDays: string | null;
  readonly logRetentionHours: string | null;
  readonly logMaxMib: string | null;
  readonly logMaxMibPerVm: string | null;
  readonly lokiUrl: string | null;
  readonly lokiTenant: string | null;
  readonly lokiLookbackDays: string | null;
  /** `NAME: N`, with commas between them. */
  readonly quotas: string | null;
  readonly allowedOrigins: string | null;
  readonly warmTemplates: string | null;
  readonly warmTemplatesGib: string | null;
  readonly warmPoolMemoryMib: string | null;
  readonly warmPoolCount: string | null;
  readonly sessionDays: string | null;
  readonly sessionIdleDays: string | null;
  readonly signingKeyDays: string | null;
  /** `NAME: VALUE`, with commas between them. */
  readonly workspaces: string | null;
  /** The same. */
  readonly novacron: string | null;
  /** The same. */
  readonly alerts: string | null;
  /** The same. */
  readonly tracing: string | null;
  readonly volant: string | null;
  readonly transport: TransportSettings;
  /** As another API names them. */
  readonly gateway: GatewaySettings;
  readonly integrations: IntegrationTexts;
}

interface Source {
  readonly flag: string | null;
  readonly env: string | null;
  readonly file: string | null;
}

/** The name of each setting on the command line, in the environment and in the YAML file. */
const SOURCES = {
  dataDir: { flag: 'data-dir', env: 'VOLARY_DATA_DIR', file: 'data_dir' },
  cacheDir: { flag: null, env: 'VOLARY_CACHE_DIR', file: 'cache_dir' },
  database: { flag: 'database', env: 'VOLARY_DATABASE', file: 'database' },
  listen: { flag: 'listen', env: 'VOLARY_LISTEN', file: 'listen' },
  devAuth: { flag: 'dev-auth', env: 'VOLARY_DEV_AUTH', file: 'dev_auth' },
  driver: { flag: 'driver', env: 'VOLARY_DRIVER', file: 'driver' },
  adminKey: { flag: null, env: 'VOLARY_ADMIN_KEY', file: null },
  secretsKey: { flag: null, env: 'VOLARY_SECRETS_KEY', file: null },
  logLevel: { flag: 'log-level', env: 'VOLARY_LOG_LEVEL', file: 'log_level' },
  webhookAllowedTargets: {
    flag: 'webhook-allowed-targets',
    env: 'VOLARY_WEBHOOK_ALLOWED_TARGETS',
    file: 'webhook_allowed_targets',
  },
  networkUplink: { flag: null, env: 'VOLARY_NETWORK_UPLINK', file: 'network_uplink' },
  downloadAllowedTargets: {
    flag: null,
    env: 'VOLARY_DOWNLOAD_ALLOWED_TARGETS',
    file: 'download_allowed_targets',
  },
  imageFolders: { flag: null, env: 'VOLARY_IMAGE_FOLDERS', file: 'image_folders' },
  imageMaxGib: { flag: null, env: 'VOLARY_IMAGE_MAX_GIB', file: 'image_max_gib' },
  dockerSocket: { flag: null, env: 'VOLARY_DOCKER_SOCKET', file: 'docker_socket' },
  simulatedHost: { flag: null, env: 'VOLARY_SIMULATED_HOST', file: 'simulated_host' },
  npmRegistry: { flag: null, env: 'VOLARY_NPM_REGISTRY', file: 'npm_registry' },
  webhookFirstRetrySeconds: {
    flag: null,
    env: 'VOLARY_WEBHOOK_FIRST_RETRY_SECONDS',
    file: 'webhook_first_retry_seconds',
  },
  webhookLongestRetrySeconds: {
    flag: null,
    env: 'VOLARY_WEBHOOK_LONGEST_RETRY_SECONDS',
    file: 'webhook_longest_retry_seconds',
  },
  webhookGiveUpHours: { flag: null, env: 'VOLARY_WEBHOOK_GIVE_UP_HOURS', file: 'webhook_give_up_hours' },
  webhookMaxTries: { flag: null, env: 'VOLARY_WEBHOOK_MAX_TRIES', file: 'webhook_max_tries' },
  webhookDisableAfterHours: {
    flag: null,
    env: 'VOLARY_WEBHOOK_DISABLE_AFTER_HOURS',
    file: 'webhook_disable_after_hours',
  },
  webhookDisableAfterTries: {
    flag: null,
    env: 'VOLARY_WEBHOOK_DISABLE_AFTER_TRIES',
    file: 'webhook_disable_after_tries',
  },
  faultPoint: { flag: null, env: 'VOLARY_FAULT_POINT', file: null },
  eventRetentionHours: { flag: null, env: 'VOLARY_EVENT_RETENTION_HOURS', file: 'event_retention_hours' },
  eventMaxCount: { flag: null, env: 'VOLARY_EVENT_MAX_COUNT', file: 'event_max_count' },
  finishedRetentionHours: { flag: null, env: 'VOLARY_FINISHED_RETENTION_HOURS', file: 'finished_retention_hours' },
  auditRetentionDays: { flag: null, env: 'VOLARY_AUDIT_RETENTION_DAYS', file: 'audit_retention_days' },
  logRetentionHours: { flag: null, env: 'VOLARY_LOG_RETENTION_HOURS', file: 'log_retention_hours' },
  logMaxMib: { flag: null, env: 'VOLARY_LOG_MAX_MIB', file: 'log_max_mib' },
  logMaxMibPerVm: { flag: null, env: 'VOLARY_LOG_MAX_MIB_PER_VM', file: 'log_max_mib_per_vm' },
  // The name that others know it by, too.
  lokiUrl: { flag: null, env: 'LOKI_URL', file: 'loki_url' },
  lokiTenant: { flag: null, env: 'LOKI_TENANT', file: 'loki_tenant' },
  lokiLookbackDays: { flag: null, env: 'LOKI_LOOKBACK_DAYS', file: 'loki_lookback_days' },
  quotas: { flag: null, env: 'VOLARY_QUOTAS', file: 'quotas' },
  allowedOrigins: { flag: null, env: 'VOLARY_ALLOWED_ORIGINS', file: 'allowed_origins' },
  warmTemplates: { flag: null, env: 'VOLARY_WARM_TEMPLATES', file: 'warm_templates' },
  warmTemplatesGib: { flag: null, env: 'VOLARY_WARM_TEMPLATES_GIB', file: 'warm_templates_gib' },
  warmPoolMemoryMib: { flag: null, env: 'VOLARY_WARM_POOL_MEMORY_MIB', file: 'warm_pool_memory_mib' },
  warmPoolCount: { flag: null, env: 'VOLARY_WARM_POOL_COUNT', file: 'warm_pool_count' },
  sessionDays: { flag: null, env: 'VOLARY_SESSION_DAYS', file: 'session_days' },
  sessionIdleDays: { flag: null, env: 'VOLARY_SESSION_IDLE_DAYS', file: 'session_idle_days' },
  novacron: { flag: null, env: 'VOLARY_NOVACRON', file: 'novacron' },
  workspaces: { flag: null, env: 'VOLARY_WORKSPACES', file: 'workspaces' },
  alerts: { flag: null, env: 'VOLARY_ALERTS', file: 'alerts' },
  tracing: { flag: null, env: 'VOLARY_TRACING', file: 'tracing' },
  volant: { flag: null, env: 'VOLARY_VOLANT', file: 'volant' },
  signingKeyDays: { flag: null, env: 'VOLARY_SIGNING_KEY_DAYS', file: 'signing_key_days' },
} as const satisfies Record<Exclude<keyof Settings, 'transport' | 'gateway' | 'integrations'>, Source>;

const ALL_SOURCES: readonly Source[] = [
  ...Object.values(SOURCES),
  ...Object.values(TRANSPORT_SOURCES),
  ...Object.values(GATEWAY_SOURCES),
  ...Object.values(INTEGRATION_SOURCES),
];
/** Given more than once, it is a list. */
const LIST = 'listen';
/** Flags that are given without a value: then they are on. */
const SWITCHES: ReadonlySet<string> = new Set(['insecure-listen', 'dev-auth']);

/** Collects the settings. Throws `invalid_argument` for a flag or a setting that does not exist, or a file that cannot be read. */
export async function readSettings(argv: readonly string[], env: Env): Promise<Settings> {
  const flags = readFlags(argv);
  const path = flags.get('config');
  const file = path === undefined ? new Map<string, string>() : await readFile(path, env);
  const find = ({ flag, env: variable, file: name }: Source): string | null =>
    (flag === null ? undefined : flags.get(flag)) ||
    (variable === null ? undefined : env[variable]) ||
    (name === null ? undefined : file.get(name)) ||
    null;
  return {
    dataDir: find(SOURCES.dataDir),
    cacheDir: find(SOURCES.cacheDir),
    database: find(SOURCES.database),
    listen: find(SOURCES.listen),
    devAuth: find(SOURCES.devAuth),
    driver: find(SOURCES.driver),
    adminKey: find(SOURCES.adminKey),
    secretsKey: find(SOURCES.secretsKey),
    logLevel: find(SOURCES.logLevel),
    webhookAllowedTargets: find(SOURCES.webhookAllowedTargets),
    downloadAllowedTargets: find(SOURCES.downloadAllowedTargets),
    networkUplink: find(SOURCES.networkUplink),
    imageFolders: find(SOURCES.imageFolders),
    imageMaxGib: find(SOURCES.imageMaxGib),
    npmRegistry: find(SOURCES.npmRegistry),
    dockerSocket: find(SOURCES.dockerSocket),
    simulatedHost: find(SOURCES.simulatedHost),
    webhookFirstRetrySeconds: find(SOURCES.webhookFirstRetrySeconds),
    webhookLongestRetrySeconds: find(SOURCES.webhookLongestRetrySeconds),
    webhookGiveUpHours: find(SOURCES.webhookGiveUpHours),
    webhookMaxTries: find(SOURCES.webhookMaxTries),
    webhookDisableAfterHours: find(SOURCES.webhookDisableAfterHours),
    webhookDisableAfterTries: find(SOURCES.webhookDisableAfterTries),
    faultPoint: find(SOURCES.faultPoint),
    eventRetentionHours: find(SOURCES.eventRetentionHours),
    eventMaxCount: find(SOURCES.eventMaxCount),
    finishedRetentionHours: find(SOURCES.finishedRetentionHours),
    auditRetentionDays: find(SOURCES.auditRetentionDays),
    logRetentionHours: find(SOURCES.logRetentionHours),
    logMaxMib: find(SOURCES.logMaxMib),
    logMaxMibPerVm: find(SOURCES.logMaxMibPerVm),
    lokiUrl: find(SOURCES.lokiUrl),
    lokiTenant: find(SOURCES.lokiTenant),
    lokiLookbackDays: find(SOURCES.lokiLookbackDays),
    quotas: find(SOURCES.quotas),
    allowedOrigins: find(SOURCES.allowedOrigins),
    warmTemplates: find(SOURCES.warmTemplates),
    warmTemplatesGib: find(SOURCES.warmTemplatesGib),
    warmPoolMemoryMib: find(SOURCES.warmPoolMemoryMib),
    warmPoolCount: find(SOURCES.warmPoolCount),
    sessionDays: find(SOURCES.sessionDays),
    sessionIdleDays: find(SOURCES.sessionIdleDays),
    signingKeyDays: find(SOURCES.signingKeyDays),
    workspaces: find(SOURCES.workspaces),
    novacron: find(SOURCES.novacron),
    alerts: find(SOURCES.alerts),
    tracing: find(SOURCES.tracing),
    volant: find(SOURCES.volant),
    transport: findTransport(find),
    gateway: { ...findGateway(find), hasIntegrations: [...file.keys()].some((name) => /^integrations\b/.test(name)) },
    integrations: findIntegrations(find),
  };
}

function findTransport(find: (source: Source) => string | null): TransportSettings {
  const from = TRANSPORT_SOURCES;
  return {
    tlsCert: find(from.tlsCert),
    tlsKey: find(from.tlsKey),
    tlsMinVersion: find(from.tlsMinVersion),
    insecureListen: find(from.insecureListen),
    trustedProxies: find(from.trustedProxies),
    proxyHeader: find(from.proxyHeader),
    rateLimit: find(from.rateLimit),
    rateLimits: find(from.rateLimits),
    redisUrl: find(from.redisUrl),
    maxConnections: find(from.maxConnections),
    maxAddressConnections: find(from.maxAddressConnections),
    maxStreams: find(from.maxStreams),
    maxCallerStreams: find(from.maxCallerStreams),
    maxBodyKib: find(from.maxBodyKib),
    maxHeaderKib: find(from.maxHeaderKib),
    maxUploadMib: find(from.maxUploadMib),
    maxMessageKib: find(from.maxMessageKib),
    headerTimeoutSeconds: find(from.headerTimeoutSeconds),
    bodyTimeoutSeconds: find(from.bodyTimeoutSeconds),
    keepAliveSeconds: find(from.keepAliveSeconds),
  };
}

function findGateway(find: (source: Source) => string | null): Omit<GatewaySettings, 'hasIntegrations'> {
  const from = GATEWAY_SOURCES;
  return {
    port: find(from.port),
    logLevel: find(from.logLevel),
    coreServiceUrl: find(from.coreServiceUrl),
    postgresHost: find(from.postgresHost),
    postgresUser: find(from.postgresUser),
    postgresPassword: find(from.postgresPassword),
    postgresDb: find(from.postgresDb),
    redisAddr: find(from.redisAddr),
  };
}

function findIntegrations(find: (source: Source) => string | null): IntegrationTexts {
  const from = INTEGRATION_SOURCES;
  return {
    githubToken: find(from.githubToken),
    githubWebhookSecret: find(from.githubWebhookSecret),
    githubApiUrl: find(from.githubApiUrl),
    slackBotToken: find(from.slackBotToken),
    slackSigningSecret: find(from.slackSigningSecret),
    slackApiUrl: find(from.slackApiUrl),
    discordBotToken: find(from.discordBotToken),
    discordPublicKey: find(from.discordPublicKey),
    discordApplicationId: find(from.discordApplicationId),
    discordApiUrl: find(from.discordApiUrl),
  };
}

function readFlags(argv: readonly string[]): ReadonlyMap<string, string> {
  const names = ['config', ...ALL_SOURCES.flatMap(({ flag }) => flag ?? [])];
  const options = Object.fromEntries(
    names.map((name) => [
      name,
      { type: SWITCHES.has(name) ? ('boolean' as const) : ('string' as const), multiple: name === LIST },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false });
    return new Map(
      Object.entries(values).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value === true ? 'on' : String(value)]],
      ),
    );
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'The command line cannot be read.', error);
  }
}

async function readFile(path: string, env: Env): Promise<ReadonlyMap<string, string>> {
  const document = await readYamlFile(path, env);
  if (document === null || document === undefined) return new Map();
  if (typeof document !== 'object' || Array.isArray(document))
    throw invalid('The configuration file must hold settings by name.', null);
  const known = new Set(ALL_SOURCES.flatMap(({ file }) => file ?? []));
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(document).flatMap(withPaths)) {
    if (!known.has(name)) throw invalid(`There is no setting ${name}; there are: ${[...known].join(', ')}.`, null);
    settings.set(name, toText(name, value));
  }
  return settings;
}

/** Settings that have names of their own below them: `rate_limits: { v1: 100/min }`. */
const TABLES: ReadonlySet<string> = new Set([
  'rate_limits',
  'quotas',
  'simulated_host',
  'workspaces',
  'alerts',
  'novacron',
  'tracing',
  'volant',
]);

/** The settings of a section by their paths; any other one as it is. */
function withPaths([name, value]: readonly [string, unknown]): readonly (readonly [string, unknown])[] {
  const [section = ''] = name.split('.', 1);
  if (!GATEWAY_SECTIONS.has(section) || typeof value !== 'object' || value === null || Array.isArray(value))
    return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) => withPaths([`${name}.${key}`, inner]));
}

/** A value of the file as the command line would have it: a list has commas between its parts, a table `name: value` in them. */
function toText(name: string, value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw invalid(
      `The setting ${name} is a number with too many digits to be read as one; write it between quotes.`,
      null,
    );
  if (isScalar(value)) return String(value);
  if (Array.isArray(value) && value.every(isScalar)) return value.join(', ');
  if (TABLES.has(name) && typeof value === 'object' && value !== null && Object.values(value).every(isScalar))
    return Object.entries(value)
      .map(([key, text]) => `${key}: ${text}`)
      .join(', ');
  throw invalid(`The setting ${name} must be a text${TABLES.has(name) ? ' for each name' : ''}.`, null);
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function invalid(message: string, cause: unknown): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'config.invalid', cause });
}

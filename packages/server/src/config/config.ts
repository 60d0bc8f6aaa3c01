import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AlertSettings } from '../domain/alert/alert.ts';
import { VolaryError } from '../domain/errors.ts';
import type { SimulatedHost } from '../domain/host/simulated-host.ts';
import { type AllowedTargets, parseAllowedTargets } from '../domain/net/target.ts';
import type { Quota } from '../domain/user/quota.ts';
import { requireGoodKey } from './admin-key.ts';
import { readAlerts } from './alerts.ts';
import { readDockerSocket } from './docker-socket.ts';
import { isGatewayAskedFor, withGateway } from './gateway-settings.ts';
import { type IntegrationSettings, NO_INTEGRATIONS, readIntegrations } from './integrations.ts';
import { type DialectListener, type ListenAddress, parseListenAddresses } from './listen.ts';
import { type LokiSettings, readLoki } from './loki.ts';
import { type NovacronSettings, readNovacron } from './novacron.ts';
import { readQuotas } from './quotas.ts';
import { readSettings, type Settings } from './settings.ts';
import { readSimulatedHost } from './simulated-host.ts';
import { readTracing, type TracingConfig } from './tracing.ts';
import { readTransport, type TransportConfig } from './transport.ts';
import { count, countOrNone, invalidSetting, listOf, oneOf } from './values.ts';
import { readVolant, type VolantSettings } from './volant.ts';
import { readWorkspaces, type WorkspaceSettings } from './workspaces.ts';

/** All that the server was told, validated and frozen. */
export interface Config extends TransportConfig {
  /** What must not be lost: the database, the VMs' disks. Absolute. */
  readonly dataDir: string;
  /** The name of the database in it. */
  readonly database: string;
  /** What can be rebuilt: images. Absolute. */
  readonly cacheDir: string;
  readonly listen: ListenAddress;
  /** Dialects that have listeners of their own besides. */
  readonly dialects: readonly DialectListener[];
  /** Anybody is whom a header names, where a dialect has one for that. */
  readonly devAuth: boolean;
  readonly driver: 'qemu' | 'docker' | 'simulated';
  /** Where the host's Docker Engine listens, absolute; null: this server has nothing to do with it. */
  readonly dockerSocket: string | null;
  /** What the host of simulated VMs is said to have; null: it is this machine. */
  readonly simulatedHost: SimulatedHost | null;
  /** The bootstrap administrator's key, if one was given; else one is generated and kept in the data directory. */
  readonly adminKey: string | null;
  /** The keys that seal what is stored, if they were given; else one is generated and kept in the data directory. */
  readonly secretsKey: string | null;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Where webhooks may lead besides the public internet. */
  readonly webhookAllowedTargets: AllowedTargets;
  /** Where the networks of VMs lead out: the host's own network, another namespace by its path, nowhere. */
  readonly networkUplink: 'host' | { readonly namespacePath: string } | null;
  /** Where downloads may lead besides the public internet. */
  readonly downloadAllowedTargets: AllowedTargets;
  /** The registry that tools from npm come from, without a slash at its end. */
  readonly npmRegistry: string;
  readonly imports: {
    /** Absolute: below these, files of the host may be made images of. */
    readonly folders: readonly string[];
    /** Of an image's disk, as a VM sees it. */
    readonly maxBytes: number;
  };
  readonly webhookRetries: {
    /** The wait after the first try that failed, and the longest one. */
    readonly firstRetryMs: number;
    readonly longestRetryMs: number;
    /** A delivery is given up after this time, or so many tries. */
    readonly giveUpAfterMs: number;
    readonly maxTries: number;
    /** A webhook is disabled that has failed for this time, and so many times in a row. */
    readonly disableAfterMs: number;
    readonly disableAfterTries: number;
  };
  /** For tests: where the server shall die, `NAME:N`. */
  readonly faultPoint: string | null;
  readonly retention: {
    /** How long events are kept, and how many of them. */
    readonly eventMs: number;
    readonly eventCount: number;
    /** How long operations and commands are kept after they are finished. */
    readonly finishedMs: number;
    /** How long it is kept who did what. */
    readonly auditMs: number;
    /** How long lines of the log are kept, and what those of one VM and all of them may take, bytes. */
    readonly logMs: number;
    readonly logBytesPerVm: number;
    readonly logBytes: number;
  };
  /** Where lines of the log are handed over to; null: nowhere. */
  readonly loki: LokiSettings | null;
  /** What each user may have who has no limits of the own. */
  readonly quota: Quota;
  /** Origins (`https://console.example.org`) whose pages may read answers and open sockets, besides the server's own address. */
  readonly allowedOrigins: readonly string[];
  readonly sessions: {
    /** How long a login lasts at most, and how long when nobody uses it. */
    readonly sessionMs: number;
    readonly idleMs: number;
    /** After which the key of tokens is changed. */
    readonly keyAgeMs: number;
  };
  readonly workspaces: WorkspaceSettings;
  readonly novacron: NovacronSettings;
  /** When something is wrong with a VM. */
  readonly alerts: AlertSettings;
  /** Where traces go to; null: there are none. */
  readonly tracing: TracingConfig | null;
  readonly volant: VolantSettings;
  readonly integrations: IntegrationSettings;
  readonly warm: {
    /** Whether VMs begin as forks of guests that have booted before. */
    readonly isEnabled: boolean;
    /** What those guests may take on the disk, all together. */
    readonly maxBytes: number;
    /** Memory and number of machines that are made ahead of their VMs; 0: none are. */
    readonly poolMemoryMib: number;
    readonly poolCount: number;
  };
}

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const DAY_MS = 24 * HOUR_MS;
const DAY_SECONDS = 24 * 3_600;
const YEAR_HOURS = 365 * 24;
const YEAR_DAYS = 365;
const CENTURY_DAYS = 36_500;
const WEEK_HOURS = 7 * 24;
const CENTURY_HOURS = 100 * 365 * 24;

/**
 * The configuration: the command line before the environment before the YAML file before the defaults.
 * Throws `invalid_argument` config.* with one sentence that names the setting.
 */
export async function readConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Config> {
  const settings = await readSettings(argv, env);
  const home = env['HOME'] ?? homedir();
  const listeners = withGateway(settings, parseListenAddresses(settings.text('listen')));
  const dataDir = resolve(settings.text('dataDir') ?? join(home, '.local/share/volary'));
  const driver = oneOf('driver', settings.text('driver') ?? 'qemu', ['qemu', 'docker', 'simulated']);
  const dockerSocket = readDockerSocket(settings, env);
  return Object.freeze({
    dataDir,
    database: checkDatabase(settings.text('database') ?? 'volary.db'),
    cacheDir: resolve(settings.text('cacheDir') ?? join(home, '.cache/volary')),
    ...listeners,
    devAuth: oneOf('dev_auth', settings.text('devAuth') ?? 'off', ['on', 'off']) === 'on',
    ...readTransport(settings, listeners),
    simulatedHost: readSimulatedHost(settings),
    driver,
    dockerSocket,
    adminKey: checkKey(settings.text('adminKey')),
    secretsKey: settings.text('secretsKey'),
    webhookAllowedTargets: checkTargets('webhook_allowed_targets', settings.text('webhookAllowedTargets') ?? ''),
    networkUplink: checkUplink(settings.text('networkUplink') ?? 'host'),
    downloadAllowedTargets: checkTargets('download_allowed_targets', settings.text('downloadAllowedTargets') ?? ''),
    npmRegistry: checkRegistry(settings.text('npmRegistry') ?? 'https://registry.npmjs.org'),
    imports: {
      folders:
        settings.text('imageFolders') === null
          ? [join(dataDir, 'imports')]
          : listOf(settings.text('imageFolders')).map((path) => resolve(path)),
      maxBytes: GIB * count('image_max_gib', settings.text('imageMaxGib'), 64, 16_384),
    },
    webhookRetries: webhookRetries(settings),
    faultPoint: settings.text('faultPoint'),
    logLevel: oneOf('log_level', settings.text('logLevel') ?? settings.text('gatewayLogLevel') ?? 'info', [
      'debug',
      'info',
      'warn',
      'error',
    ]),
    retention: {
      eventMs:
        HOUR_MS * count('event_retention_hours', settings.text('eventRetentionHours'), WEEK_HOURS, CENTURY_HOURS),
      eventCount: count('event_max_count', settings.text('eventMaxCount'), 1_000_000, 1_000_000_000),
      finishedMs:
        HOUR_MS * count('finished_retention_hours', settings.text('finishedRetentionHours'), WEEK_HOURS, CENTURY_HOURS),
      auditMs: DAY_MS * count('audit_retention_days', settings.text('auditRetentionDays'), YEAR_DAYS, CENTURY_DAYS),
      logMs: HOUR_MS * count('log_retention_hours', settings.text('logRetentionHours'), WEEK_HOURS, CENTURY_HOURS),
      logBytesPerVm: MIB * count('log_max_mib_per_vm', settings.text('logMaxMibPerVm'), 256, 10_000_000),
      logBytes: MIB * count('log_max_mib', settings.text('logMaxMib'), 2_048, 10_000_000),
    },
    sessions: {
      sessionMs: DAY_MS * count('session_days', settings.text('sessionDays'), 30, 365),
      idleMs: DAY_MS * count('session_idle_days', settings.text('sessionIdleDays'), 7, 365),
      keyAgeMs: DAY_MS * count('signing_key_days', settings.text('signingKeyDays'), 30, 365),
    },
    loki: readLoki(settings),
    quota: readQuotas(settings.text('quotas')),
    alerts: readAlerts(settings.text('alerts')),
    tracing: readTracing(settings.text('tracing'), env),
    volant: readVolant(settings.text('volant')),
    integrations: isGatewayAskedFor(settings, listeners) ? readIntegrations(settings) : NO_INTEGRATIONS,
    novacron: readNovacron(settings.text('novacron')),
    workspaces: readWorkspaces(settings.text('workspaces'), { driver, dockerSocket }),
    warm: {
      isEnabled: oneOf('warm_templates', settings.text('warmTemplates') ?? 'on', ['on', 'off']) === 'on',
      maxBytes: GIB * count('warm_templates_gib', settings.text('warmTemplatesGib'), 4, 100_000),
      poolMemoryMib: countOrNone('warm_pool_memory_mib', settings.text('warmPoolMemoryMib'), 1_024, 100_000_000),
      poolCount: countOrNone('warm_pool_count', settings.text('warmPoolCount'), 8, 10_000),
    },
    allowedOrigins: listOf(settings.text('allowedOrigins')).map(origin),
  });
}

function webhookRetries(settings: Settings): Config['webhookRetries'] {
  const firstRetryMs =
    SECOND_MS * count('webhook_first_retry_seconds', settings.text('webhookFirstRetrySeconds'), 10, DAY_SECONDS);
  const longestRetryMs =
    SECOND_MS * count('webhook_longest_retry_seconds', settings.text('webhookLongestRetrySeconds'), 3_600, DAY_SECONDS);
  if (longestRetryMs < firstRetryMs) {
    throw new VolaryError(
      'invalid_argument',
      'webhook_longest_retry_seconds is less than webhook_first_retry_seconds; the longest wait cannot be shorter than the first.',
      { reason: 'config.invalid', details: { field: 'webhook_longest_retry_seconds' } },
    );
  }
  return {
    firstRetryMs,
    longestRetryMs,
    giveUpAfterMs: HOUR_MS * count('webhook_give_up_hours', settings.text('webhookGiveUpHours'), 24, YEAR_HOURS),
    maxTries: count('webhook_max_tries', settings.text('webhookMaxTries'), 60, 10_000),
    disableAfterMs:
      HOUR_MS * count('webhook_disable_after_hours', settings.text('webhookDisableAfterHours'), 72, YEAR_HOURS),
    disableAfterTries: count('webhook_disable_after_tries', settings.text('webhookDisableAfterTries'), 20, 10_000),
  };
}

function origin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  const message = `allowed_origins has "${text}"; an origin is like https://example.org.`;
  throw invalidSetting('allowed_origins', message);
}

function checkKey(key: string | null): string | null {
  if (key !== null) requireGoodKey(key, 'VOLARY_ADMIN_KEY');
  return key;
}

function checkDatabase(name: string): string {
  if (/^[a-z0-9][a-z0-9_-]{0,40}\.db$/.test(name)) return name;
  throw invalidSetting(
    'database',
    `database is "${name}"; it must be the name of a file in the data directory, such as volary.db.`,
  );
}

function checkTargets(field: string, text: string): AllowedTargets {
  try {
    return parseAllowedTargets(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new VolaryError('invalid_argument', `${field}: ${why}, such as 10.0.0.0/8 or hooks.lan:8443.`, {
      reason: 'config.invalid',
      details: { field },
      cause,
    });
  }
}

function checkUplink(text: string): Config['networkUplink'] {
  if (text.startsWith('/')) return { namespacePath: text };
  return oneOf('network_uplink', text, ['host', 'none']) === 'host' ? 'host' : null;
}

function checkRegistry(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isGood =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '' && url.hash === '';
  if (isGood) return text.replace(/\/+$/, '');
  throw new VolaryError('invalid_argument', 'npm_registry must be a URL, such as https://registry.npmjs.org.', {
    reason: 'config.invalid',
    details: { field: 'npm_registry' },
  });
}

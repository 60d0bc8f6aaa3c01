/**
 * The settings that Aetherium's documents name, beside the server's own ones: in the environment and in the YAML file. A setting of which this
 * server could do nothing yet stops the start: nobody should believe that it has taken effect.
 */
import type { VolaryError } from '../domain/errors.ts';
import type { ListenAddress, Listeners } from './listen.ts';
import { count, invalidSetting } from './values.ts';

export const GATEWAY_SOURCES = {
  port: { flag: null, env: 'PORT', file: 'gateway.port' },
  logLevel: { flag: null, env: null, file: 'gateway.log_level' },
  coreServiceUrl: { flag: null, env: null, file: 'core_service.url' },
  postgresHost: { flag: null, env: 'POSTGRES_HOST', file: null },
  postgresUser: { flag: null, env: 'POSTGRES_USER', file: null },
  postgresPassword: { flag: null, env: 'POSTGRES_PASSWORD', file: null },
  postgresDb: { flag: null, env: 'POSTGRES_DB', file: null },
  redisAddr: { flag: null, env: 'REDIS_ADDR', file: null },
} as const satisfies Record<string, { flag: null; env: string | null; file: string | null }>;

/** What was told of them, as text, before it is checked. Null where nothing was. */
export type GatewaySettings = Readonly<Record<GatewaySetting, string | null>> & {
  /** The file has a section `integrations`, so that it is no chance that there are such settings. */
  readonly hasIntegrations: boolean;
};

type GatewaySetting = keyof typeof GATEWAY_SOURCES;

/** Sections of the YAML file whose settings are named by their paths: `gateway.port`. */
export const GATEWAY_SECTIONS: ReadonlySet<string> = new Set(['gateway', 'core_service', 'integrations']);

interface Refusal {
  readonly names: readonly GatewaySetting[];
  /** What follows on "cannot be honoured". */
  readonly why: string;
}

/** Settings that are not honoured, and why. */
const REFUSED: readonly Refusal[] = [
  { names: ['coreServiceUrl'], why: 'this server is the core service itself, and works with no other yet' },
  {
    names: ['postgresHost', 'postgresUser', 'postgresPassword', 'postgresDb'],
    why: 'this server has its own database in its data directory, and no other yet',
  },
  {
    names: ['redisAddr'],
    why: 'this server queues within itself; to count requests together with others it takes VOLARY_REDIS_URL',
  },
];

/** The listeners with that of the gateway's port, unless one was given for the dialect. Throws `invalid_argument` config.invalid. */
export function withGateway(settings: GatewaySettings, listeners: Listeners): Listeners {
  const { dialects } = listeners;
  refuse(settings, REFUSED);
  if (settings.port === null || hasOwnListener(listeners)) return listeners;
  const address: ListenAddress = { host: '127.0.0.1', port: count('gateway.port', settings.port, 1, 65_535) };
  return { ...listeners, dialects: [...dialects, { dialect: 'aetherium', address }] };
}

/**
 * Whether somebody wants the gateway: only then do variables count that are in many an environment for other reasons, such as
 * GITHUB_TOKEN.
 */
export function isGatewayAskedFor(settings: GatewaySettings, listeners: Listeners): boolean {
  return hasOwnListener(listeners) || settings.port !== null || settings.hasIntegrations;
}

function hasOwnListener({ dialects }: Listeners): boolean {
  return dialects.some(({ dialect }) => dialect === 'aetherium');
}

function refuse(settings: GatewaySettings, refused: readonly Refusal[]): void {
  for (const { names, why } of refused)
    for (const name of names) if (settings[name] !== null) throw notHonoured(GATEWAY_SOURCES[name], why);
}

function notHonoured(
  { env, file }: { readonly env: string | null; readonly file: string | null },
  why: string,
): VolaryError {
  const names = [env, file].filter((name) => name !== null).join(' or ');
  return invalidSetting(file ?? env ?? '', `${names} is set, and cannot be honoured: ${why}.`);
}

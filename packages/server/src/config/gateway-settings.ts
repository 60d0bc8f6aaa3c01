/**
 * The settings that Aetherium's documents name, beside the server's own ones: in the environment and in the YAML file. A setting of which this
 * server could do nothing yet stops the start: nobody should believe that it has taken effect.
 */
import type { VolaryError } from '../domain/errors.ts';
import type { ListenAddress, Listeners } from './listen.ts';
import { GATEWAY_SOURCES } from './setting-sources.ts';
import type { Settings } from './settings.ts';
import { count, invalidSetting } from './values.ts';

interface Refusal {
  readonly names: readonly (keyof typeof GATEWAY_SOURCES)[];
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
export function withGateway(settings: Settings, listeners: Listeners): Listeners {
  const { dialects } = listeners;
  refuse(settings, REFUSED);
  const port = settings.text('gatewayPort');
  if (port === null || hasOwnListener(listeners)) return listeners;
  const address: ListenAddress = { host: '127.0.0.1', port: count('gateway.port', port, 1, 65_535) };
  return { ...listeners, dialects: [...dialects, { dialect: 'aetherium', address }] };
}

/**
 * Whether somebody wants the gateway: only then do variables count that are in many an environment for other reasons, such as
 * GITHUB_TOKEN.
 */
export function isGatewayAskedFor(settings: Settings, listeners: Listeners): boolean {
  return hasOwnListener(listeners) || settings.text('gatewayPort') !== null || settings.hasSection('integrations');
}

function hasOwnListener({ dialects }: Listeners): boolean {
  return dialects.some(({ dialect }) => dialect === 'aetherium');
}

function refuse(settings: Settings, refused: readonly Refusal[]): void {
  for (const { names, why } of refused)
    for (const name of names) if (settings.text(name) !== null) throw notHonoured(GATEWAY_SOURCES[name], why);
}

function notHonoured(
  { env, file }: { readonly env: string | null; readonly file: string | null },
  why: string,
): VolaryError {
  const names = [env, file].filter((name) => name !== null).join(' or ');
  return invalidSetting(file ?? env ?? '', `${names} is set, and cannot be honoured: ${why}.`);
}

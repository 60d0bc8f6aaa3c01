import { count, invalidSetting, oneOf } from './values.ts';

/** Where traces are exported to, and which of them. */
export interface TracingConfig {
  /** Where spans are posted to, by OTLP over HTTP. */
  readonly url: string;
  /** Sent with each post; they may hold keys. */
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName: string;
  /** What else is told of this server, such as `deployment.environment.name`. */
  readonly resource: Readonly<Record<string, string>>;
  /** The part of traces that is recorded, 0 to 1; and whether those are of which a caller says that they are, whatever part that is. */
  readonly sampling: { readonly ratio: number; readonly followsCaller: boolean };
  /** Spans wait so long for others to go with them, milliseconds; and so many wait at most. */
  readonly delayMs: number;
  readonly maxWaiting: number;
  /** A post may take so long, with its repetitions, milliseconds. */
  readonly timeoutMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;

const WORDS = ['endpoint', 'service_name', 'sampler', 'sampler_arg'] as const;
const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
const LONGEST_DELAY_MS = 600_000;
const LONGEST_TIMEOUT_MS = 30_000;
const MOST_WAITING = 100_000;

/**
 * `endpoint: http://localhost:4318, sampler: traceidratio, sampler_arg: 0.1`, and the variables of OpenTelemetry
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/), which come before it. Null: nobody has named an endpoint, or
 * `OTEL_SDK_DISABLED` or `OTEL_TRACES_EXPORTER` say that there is to be no export. Throws `invalid_argument` config.invalid.
 */
export function readTracing(text: string | null, env: Env): TracingConfig | null {
  const told = readWords(text);
  const url = findUrl(told, env);
  const exporter = env['OTEL_TRACES_EXPORTER'] || 'otlp';
  if (url === null || env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true' || exporter === 'none') return null;
  oneOf('OTEL_TRACES_EXPORTER', exporter, ['otlp', 'none']);
  const variable = 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL';
  oneOf(variable, env[variable] || env['OTEL_EXPORTER_OTLP_PROTOCOL'] || 'http/json', ['http/json']);
  const resource = readPairs('OTEL_RESOURCE_ATTRIBUTES', env['OTEL_RESOURCE_ATTRIBUTES']);
  return {
    url,
    headers: {
      ...readPairs('OTEL_EXPORTER_OTLP_HEADERS', env['OTEL_EXPORTER_OTLP_HEADERS']),
      ...readPairs('OTEL_EXPORTER_OTLP_TRACES_HEADERS', env['OTEL_EXPORTER_OTLP_TRACES_HEADERS']),
    },
    serviceName: env['OTEL_SERVICE_NAME'] || told.get('service_name') || resource['service.name'] || 'volary',
    resource,
    sampling: readSampling(
      env['OTEL_TRACES_SAMPLER'] || told.get('sampler') || 'parentbased_always_on',
      env['OTEL_TRACES_SAMPLER_ARG'] || told.get('sampler_arg') || '1',
    ),
    delayMs: count('OTEL_BSP_SCHEDULE_DELAY', env['OTEL_BSP_SCHEDULE_DELAY'] || null, 5_000, LONGEST_DELAY_MS),
    timeoutMs: count(
      'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT',
      env['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'] || env['OTEL_EXPORTER_OTLP_TIMEOUT'] || null,
      3_000,
      LONGEST_TIMEOUT_MS,
    ),
    maxWaiting: count('OTEL_BSP_MAX_QUEUE_SIZE', env['OTEL_BSP_MAX_QUEUE_SIZE'] || null, 2_048, MOST_WAITING),
  };
}

function readWords(text: string | null): ReadonlyMap<string, string> {
  const entries = (text ?? '').split(',').filter((part) => part.trim() !== '');
  return new Map(
    entries.map((entry) => {
      const [name = '', ...rest] = entry.split(':');
      return [oneOf('tracing', name.trim(), WORDS), rest.join(':').trim()];
    }),
  );
}

/** The endpoint of traces is taken as it is; to one of all signals the path of traces is added. */
function findUrl(told: ReadonlyMap<string, string>, env: Env): string | null {
  const own = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (own) return checkUrl('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', own).href;
  const shared = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const base = shared || told.get('endpoint');
  if (!base) return null;
  const url = checkUrl(shared ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'tracing.endpoint', base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url.href;
}

function checkUrl(setting: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  // Not the value itself: it may hold a password.
  const message = `${setting} must be a URL of http or https without a name and password, such as http://localhost:4318.`;
  throw invalidSetting(setting, message);
}

function readSampling(name: string, argument: string): TracingConfig['sampling'] {
  const sampler = oneOf('OTEL_TRACES_SAMPLER', name, SAMPLERS);
  const followsCaller = sampler.startsWith('parentbased_');
  if (sampler.endsWith('always_on')) return { ratio: 1, followsCaller };
  if (sampler.endsWith('always_off')) return { ratio: 0, followsCaller };
  const ratio = Number(argument);
  if (/^[0-9]*\.?[0-9]+$/.test(argument) && ratio <= 1) return { ratio, followsCaller };
  const message = `OTEL_TRACES_SAMPLER_ARG is "${argument}"; it must be a number from 0 to 1.`;
  throw invalidSetting('OTEL_TRACES_SAMPLER_ARG', message, { minimum: 0, maximum: 1 });
}

/** `key=value` with commas between them, values percent-encoded as in W3C Baggage. */
function readPairs(setting: string, text: string | undefined): Readonly<Record<string, string>> {
  const pairs = (text ?? '').split(',').filter((part) => part.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^\s*([^\s=]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? [];
      const decoded = value === undefined ? null : decode(value);
      // Not the value itself: it may be a key.
      if (name === undefined || decoded === null)
        throw invalidSetting(setting, `${setting} must be NAME=VALUE with commas between them.`);
      return [name, decoded];
    }),
  );
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
}

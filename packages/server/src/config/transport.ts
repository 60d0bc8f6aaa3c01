import { resolve } from 'node:path';
import { VolaryError } from '../domain/errors.ts';
import { type IpRange, parseIpRange } from '../lib/ip-address.ts';
import { isLoopback, type ListenAddress, type Listeners } from './listen.ts';
import type { Settings } from './settings.ts';
import { count, invalidSetting, listOf, oneOf } from './values.ts';

/** How the server is reached, whom it believes about who calls, and how much of it one caller gets. */
export interface TransportConfig {
  /** Absent: it speaks plain HTTP. */
  readonly tls: TlsConfig | null;
  /** Proxies that are believed about whom they speak for. */
  readonly trustedProxies: readonly IpRange[];
  /** The header that they say it in. */
  readonly proxyHeader: 'x-forwarded-for' | 'forwarded';
  /** What one caller is allowed, by face; null: as much as it likes. */
  readonly rateLimits: Readonly<Record<Face, RateLimit | null>>;
  /** Where servers count callers together; null: each counts for itself. May hold a password. */
  readonly redisUrl: string | null;
  readonly limits: {
    readonly connections: number;
    readonly addressConnections: number;
    readonly streams: number;
    readonly callerStreams: number;
    readonly jsonBytes: number;
    readonly headerBytes: number;
    readonly uploadBytes: number;
    readonly messageBytes: number;
    readonly headerMs: number;
    readonly bodyMs: number;
    readonly keepAliveMs: number;
  };
}

export interface TlsConfig {
  readonly certPath: string;
  readonly keyPath: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** A bucket of `perMinute + burst`, refilled at `perMinute` a minute. */
export interface RateLimit {
  readonly perMinute: number;
  readonly burst: number;
  /** In any second; absent: as many as there are. */
  readonly perSecond?: number;
}

/** The faces of the server, and what one caller may ask of each where nothing else was said: what their documents say. */
const FACES = {
  v1: { perMinute: 6_000, burst: 200 },
  aetherium: { perMinute: 100, burst: 20 },
  novacron: { perMinute: 100, burst: 0, perSecond: 20 },
  volant: null,
  'vm-api': null,
} as const satisfies Record<string, RateLimit | null>;
export type Face = keyof typeof FACES;
export const FACE_NAMES = ['v1', 'aetherium', 'novacron', 'volant', 'vm-api'] as const satisfies readonly Face[];

const PATTERN = /^\s*(\d{1,9})\s*\/\s*min\s*(?:;\s*burst\s*=\s*(\d{1,9})\s*)?(?:;\s*second\s*=\s*(\d{1,9})\s*)?$/;
const SECOND_MS = 1_000;
const KIB = 1024;
const MIB = 1024 ** 2;
const HOUR_SECONDS = 3_600;

/** Throws `invalid_argument` config.invalid, or `failed_precondition` config.insecure_listen for an address that others reach without TLS. */
export function readTransport(settings: Settings, { listen, dialects }: Listeners): TransportConfig {
  const tls = readTls(settings);
  if (tls === null && !isOn('insecure_listen', settings.text('insecureListen')))
    requireLoopback([listen, ...dialects.map(({ address }) => address)]);
  return {
    tls,
    trustedProxies: listOf(settings.text('trustedProxies')).map(proxyRange),
    proxyHeader: oneOf('proxy_header', settings.text('proxyHeader') ?? 'x-forwarded-for', [
      'x-forwarded-for',
      'forwarded',
    ]),
    rateLimits: readRateLimits(settings),
    redisUrl: checkRedisUrl(settings.text('redisUrl')),
    limits: {
      connections: count('max_connections', settings.text('maxConnections'), 16_384, 10_000_000),
      addressConnections: count('max_address_connections', settings.text('maxAddressConnections'), 1_024, 10_000_000),
      streams: count('max_streams', settings.text('maxStreams'), 8_192, 10_000_000),
      callerStreams: count('max_caller_streams', settings.text('maxCallerStreams'), 4_096, 10_000_000),
      jsonBytes: KIB * count('max_body_kib', settings.text('maxBodyKib'), 1_024, 65_536),
      headerBytes: KIB * count('max_header_kib', settings.text('maxHeaderKib'), 16, 1_024),
      uploadBytes: MIB * count('max_upload_mib', settings.text('maxUploadMib'), 65_536, 1_000_000_000),
      messageBytes: KIB * count('max_message_kib', settings.text('maxMessageKib'), 16, 65_536),
      headerMs: SECOND_MS * count('header_timeout_seconds', settings.text('headerTimeoutSeconds'), 15, HOUR_SECONDS),
      bodyMs: SECOND_MS * count('body_timeout_seconds', settings.text('bodyTimeoutSeconds'), 60, HOUR_SECONDS),
      keepAliveMs: SECOND_MS * count('keep_alive_seconds', settings.text('keepAliveSeconds'), 72, HOUR_SECONDS),
    },
  };
}

function readTls(settings: Settings): TlsConfig | null {
  const [tlsCert, tlsKey] = [settings.text('tlsCert'), settings.text('tlsKey')];
  const version = oneOf('tls_min_version', settings.text('tlsMinVersion') ?? '1.2', ['1.2', '1.3']);
  if (tlsCert === null && tlsKey === null) return null;
  if (tlsCert === null || tlsKey === null) {
    const [given, missing] = tlsCert === null ? ['tls_key', 'tls_cert'] : ['tls_cert', 'tls_key'];
    throw invalidSetting(missing, `${given} is given without ${missing}; TLS needs a certificate and its key.`);
  }
  return {
    certPath: resolve(tlsCert),
    keyPath: resolve(tlsKey),
    minVersion: version === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
  };
}

function requireLoopback(addresses: readonly ListenAddress[]): void {
  const listen = addresses.find((address) => !isLoopback(address));
  if (listen === undefined) return;
  throw new VolaryError(
    'failed_precondition',
    `Without TLS, keys and passwords could be read on the way to ${listen.host}: give --tls-cert and --tls-key, or --insecure-listen if something else protects that way.`,
    { reason: 'config.insecure_listen', details: { field: 'listen' } },
  );
}

function proxyRange(text: string): IpRange {
  const range = parseIpRange(text);
  if (range !== null) return range;
  throw invalidSetting(
    'trusted_proxies',
    `trusted_proxies has "${text}"; it must be an address or a range of them, such as 10.0.0.0/8.`,
  );
}

/** The setting for all faces counts before those for single ones, as the environment does before the file. */
function readRateLimits(settings: Settings): TransportConfig['rateLimits'] {
  const [rateLimit, rateLimits] = [settings.text('rateLimit'), settings.text('rateLimits')];
  if (rateLimit !== null) {
    const all = parseRateLimit('rate_limit', rateLimit);
    return { v1: all, aetherium: all, novacron: all, volant: all, 'vm-api': all };
  }
  const limits: Record<Face, RateLimit | null> = { ...FACES };
  for (const entry of (rateLimits ?? '').split(',').filter((text) => text.trim() !== '')) {
    const [face = '', ...rest] = entry.split(':');
    const known = oneOf('rate_limits', face.trim(), FACE_NAMES);
    limits[known] = parseRateLimit(`rate_limits.${known}`, rest.join(':'));
  }
  return limits;
}

/** `N/min`, with `;burst=M` and `;second=S` where they are wanted, or `off`. */
function parseRateLimit(setting: string, text: string): RateLimit | null {
  if (text.trim() === 'off') return null;
  const match = PATTERN.exec(text);
  const perMinute = Number(match?.[1] ?? 0);
  const perSecond = match?.[3] === undefined ? {} : { perSecond: Number(match[3]) };
  if (match !== null && perMinute > 0 && perSecond.perSecond !== 0)
    return { perMinute, burst: Number(match[2] ?? 0), ...perSecond };
  throw invalidSetting(
    setting,
    `${setting} is "${text.trim()}"; it must be like 100/min;burst=20, 100/min;second=20, or off.`,
  );
}

/** The value is not repeated: it may hold a password. */
function checkRedisUrl(text: string | null): string | null {
  if (text === null) return null;
  if (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) && new URL(text).hostname !== '') return text;
  throw invalidSetting('redis_url', 'redis_url must be like redis://localhost:6379, or rediss://… for TLS.');
}

function isOn(setting: string, value: string | null): boolean {
  return oneOf(setting, value ?? 'off', ['on', 'off']) === 'on';
}

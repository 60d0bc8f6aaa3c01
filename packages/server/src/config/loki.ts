import type { Settings } from './settings.ts';
import { count, invalidSetting } from './values.ts';

/** A Loki that lines of the log are handed over to. */
export interface LokiSettings {
  /** May hold a password. */
  readonly url: string;
  readonly tenant: string | null;
  /** How far back it is asked where no time is said. */
  readonly lookbackMs: number;
}

const DAY_MS = 24 * 3_600_000;

/** Null: there is none. Throws `invalid_argument` config.invalid. */
export function readLoki(settings: Settings): LokiSettings | null {
  const [lokiUrl, lokiTenant] = [settings.text('lokiUrl'), settings.text('lokiTenant')];
  const lookbackMs = DAY_MS * count('loki_lookback_days', settings.text('lokiLookbackDays'), 30, 3_650);
  const tenant = lokiTenant === null ? null : checkTenant(lokiTenant);
  return lokiUrl === null ? null : { url: checkUrl(lokiUrl), tenant, lookbackMs };
}

/** The value is not repeated: it may hold a password. */
function checkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isGood = url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '';
  if (isGood && [url.username, url.password].every(isEncoded)) return text;
  throw invalidSetting(
    'loki_url',
    'loki_url must be where Loki is, such as http://localhost:3100, with nothing behind it that begins with ? or #.',
  );
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** "Tenant IDs must not be longer than 150 bytes": https://grafana.com/docs/loki/latest/operations/multi-tenancy/ */
function checkTenant(text: string): string {
  if (/^[\w!.*'()-]{1,150}$/.test(text) && text !== '.' && text !== '..') return text;
  throw invalidSetting('loki_tenant', `loki_tenant is "${text}"; it must be the name of one tenant of Loki.`);
}

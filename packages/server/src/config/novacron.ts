import { invalidSetting, oneOf } from './values.ts';

/** What the face NovaCron tells of this installation. */
export interface NovacronSettings {
  /** Where whoever is answered with a fault of the server finds help. */
  readonly supportUrl: string;
  /** What this host's region is called. */
  readonly region: string;
}

const WORDS = ['support_url', 'region'] as const;
const DEFAULTS: NovacronSettings = { supportUrl: '/docs/errors#internal', region: 'local' };
const REGION = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** `support_url: https://help.example.org, region: cellar`; what is not named has its default. Throws `invalid_argument` config.invalid. */
export function readNovacron(text: string | null): NovacronSettings {
  let settings = DEFAULTS;
  for (const entry of (text ?? '').split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...rest] = entry.split(':');
    const value = rest.join(':').trim();
    if (oneOf('novacron', name.trim(), WORDS) === 'region') settings = { ...settings, region: region(value) };
    else settings = { ...settings, supportUrl: supportUrl(value) };
  }
  return settings;
}

function region(text: string): string {
  if (REGION.test(text)) return text;
  throw invalidSetting(
    'novacron.region',
    `novacron.region is "${text}"; it must be a word such as local or eu-west-1.`,
  );
}

function supportUrl(text: string): string {
  const protocol = URL.canParse(text) ? new URL(text).protocol : '';
  if (/^(https?|mailto):$/.test(protocol)) return text;
  const message = `novacron.support_url is "${text}"; it must be a URL, such as https://help.example.org.`;
  throw invalidSetting('novacron.support_url', message);
}

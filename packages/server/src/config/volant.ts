import { oneOf } from './values.ts';

export interface VolantSettings {
  /** `loopback-open`: whoever calls from this machine needs no key. `required`: everybody does. */
  readonly auth: (typeof AUTH)[number];
}

const AUTH = ['loopback-open', 'required'] as const;
const WORDS = ['auth'] as const;
const DEFAULTS: VolantSettings = { auth: 'loopback-open' };

/** `auth: required`; what is not named has its default. Throws `invalid_argument` config.invalid. */
export function readVolant(text: string | null): VolantSettings {
  let settings = DEFAULTS;
  for (const entry of (text ?? '').split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...rest] = entry.split(':');
    oneOf('volant', name.trim(), WORDS);
    settings = { ...settings, auth: oneOf('volant.auth', rest.join(':').trim(), AUTH) };
  }
  return settings;
}

import { AUTO_SUSPEND_LIMITS } from '../domain/vm/auto-suspend.ts';
import { LONGEST_TTL_SECONDS } from '../domain/vm/expiry.ts';
import { count, countOrNone, invalidSetting, oneOf } from './values.ts';

export interface WorkspaceSettings {
  /** The driver of those that ask for none; null: the server's first. */
  readonly provider: string | null;
  /** How long one may live from any moment on; null: for good. */
  readonly maxTtlSeconds: number | null;
  /** One that is idle for so long is suspended; 0: never. */
  readonly idleSuspendSeconds: number;
}

const WORDS = ['provider', 'max_ttl_seconds', 'idle_suspend_seconds'] as const;
const DEFAULTS: WorkspaceSettings = { provider: null, maxTtlSeconds: null, idleSuspendSeconds: 1_800 };

/** `provider: docker, max_ttl_seconds: 86400`; what is not named has its default. Throws `invalid_argument` config.invalid. */
export function readWorkspaces(
  text: string | null,
  { driver, dockerSocket }: { readonly driver: string; readonly dockerSocket: string | null },
): WorkspaceSettings {
  let settings = DEFAULTS;
  for (const entry of (text ?? '').split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...rest] = entry.split(':');
    const value = rest.join(':').trim();
    const word = oneOf('workspaces', name.trim(), WORDS);
    if (word === 'provider') {
      const there = driver === 'simulated' ? [driver] : ['qemu', ...(dockerSocket === null ? [] : ['docker'])];
      settings = { ...settings, provider: oneOf('workspaces.provider', value, there) };
    } else if (word === 'max_ttl_seconds') {
      settings = { ...settings, maxTtlSeconds: count('workspaces.max_ttl_seconds', value, 0, LONGEST_TTL_SECONDS) };
    } else settings = { ...settings, idleSuspendSeconds: idleSeconds(value) };
  }
  return settings;
}

function idleSeconds(value: string): number {
  const { minimum, maximum } = AUTO_SUSPEND_LIMITS.idleSeconds;
  const seconds = countOrNone('workspaces.idle_suspend_seconds', value, 0, maximum);
  if (seconds === 0 || seconds >= minimum) return seconds;
  const message = `workspaces.idle_suspend_seconds is ${seconds}; it must be 0, or from ${minimum} to ${maximum}.`;
  throw invalidSetting('workspaces.idle_suspend_seconds', message, { minimum, maximum });
}

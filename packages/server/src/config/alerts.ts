import { ALERT_DEFAULTS, type AlertSettings } from '../domain/alert/alert.ts';
import { count, countOrNone, invalidSetting, oneOf } from './values.ts';

const WORDS = [
  'cpu_percent',
  'memory_percent',
  'disk_percent',
  'health',
  'margin_percent',
  'for_seconds',
  'health_for_seconds',
] as const;
const LONGEST_SECONDS = 24 * 3_600;

/** `cpu_percent: 95, disk_percent: off`; what is not named has its default. Throws `invalid_argument` config.invalid. */
export function readAlerts(text: string | null): AlertSettings {
  let settings = ALERT_DEFAULTS;
  for (const entry of (text ?? '').split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...rest] = entry.split(':');
    settings = { ...settings, ...settingOf(oneOf('alerts', name.trim(), WORDS), rest.join(':').trim()) };
  }
  const lowest = Math.min(
    ...[settings.cpuPercent, settings.memoryPercent, settings.diskPercent].map((it) => it ?? 100),
  );
  if (settings.marginPercent < lowest) return settings;
  const message = `alerts.margin_percent is ${settings.marginPercent}; it must be less than each threshold, or no alert would ever be resolved.`;
  throw invalidSetting('alerts.margin_percent', message, { maximum: lowest - 1 });
}

function settingOf(word: (typeof WORDS)[number], value: string): Partial<AlertSettings> {
  const setting = `alerts.${word}`;
  switch (word) {
    case 'cpu_percent':
      return { cpuPercent: threshold(setting, value) };
    case 'memory_percent':
      return { memoryPercent: threshold(setting, value) };
    case 'disk_percent':
      return { diskPercent: threshold(setting, value) };
    case 'health':
      return { isHealthWatched: oneOf(setting, value, ['on', 'off']) === 'on' };
    case 'margin_percent':
      return { marginPercent: countOrNone(setting, value, 0, 99) };
    case 'for_seconds':
      return { forMs: 1_000 * countOrNone(setting, value, 0, LONGEST_SECONDS) };
    case 'health_for_seconds':
      return { healthForMs: 1_000 * countOrNone(setting, value, 0, LONGEST_SECONDS) };
    default:
      return word satisfies never;
  }
}

function threshold(setting: string, value: string): number | null {
  return value === 'off' ? null : count(setting, value, 100, 100);
}

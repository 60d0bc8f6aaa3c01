import { InvalidArgumentError } from 'commander';

/** `512`, `512m`, `1g`, `1.5GiB` as whole MiB; a bare number is MiB. */
export function parseMemoryMib(text: string): number {
  return parseSize(text, { '': 1, m: 1, g: 1024, t: 1024 * 1024 }, 'MiB, such as 512, 512m or 2g');
}

/** `8`, `8g`, `1t` as whole GiB; a bare number is GiB. */
export function parseDiskGib(text: string): number {
  return parseSize(text, { '': 1, g: 1, t: 1024 }, 'GiB, such as 8, 8g or 1t');
}

/** `30`, `500ms`, `30s`, `5m`, `2h`, `7d` as milliseconds; a bare number is seconds. */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(text.trim());
  const factor: Record<string, number> = { ms: 1, '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  const ms = Number(match?.[1]) * (factor[match?.[2] ?? ''] ?? Number.NaN);
  if (!Number.isFinite(ms)) throw new InvalidArgumentError('Expected a time, such as 500ms, 30s, 5m, 2h or 7d.');
  return Math.round(ms);
}

/** A whole number of at least `minimum`. */
export function parseCount(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`It is a whole number of at least ${minimum}.`);
  };
}

/** Collects repeated `KEY=VALUE` options into one record; the last one of a key wins. */
export function collectPairs(text: string, previous: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It has the form KEY=VALUE.');
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) };
}

/** As `collectPairs`; `KEY` alone takes the value from our own environment, and is left out where it is not there. */
export function collectEnvironment(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Record<string, string> {
  if (text.includes('=')) return collectPairs(text, previous);
  const own = process.env[text];
  return own === undefined ? { ...previous } : { ...previous, [text]: own };
}

/** Collects a repeated option, of which each may also hold several values with commas between them. */
export function collectList(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, ...text.split(',').filter((part) => part !== '')];
}

function parseSize(text: string, factors: Readonly<Record<string, number>>, expected: string): number {
  const match = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(text.trim().toLowerCase());
  const unit = (match?.[2] ?? '').replace(/i?b$/, '');
  const value = Number(match?.[1]) * (factors[unit] ?? Number.NaN);
  if (!Number.isInteger(value)) throw new InvalidArgumentError(`It is a whole number of ${expected}.`);
  return value;
}

import { VolaryError } from '../errors.ts';

/** Inclusive bounds of the labels of one thing: how many, and characters. */
export const LABEL_LIMITS = { count: 64, keyLength: 63, valueLength: 255 } as const;

/** Ends of lines would forge lists that are printed; a zero and half of a pair of surrogates are texts that not every store can keep. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is for.
const UNPRINTABLE = /[\u0000-\u001f\u007f\ud800-\udfff]/u;

/** Throws `invalid_argument` vm.invalid_labels, with the path of the label where it is one alone that cannot be. */
export function checkLabels(labels: Readonly<Record<string, string>>): void {
  const { count, keyLength, valueLength } = LABEL_LIMITS;
  const entries = Object.entries(labels);
  for (const [key, value] of entries) {
    if (UNPRINTABLE.test(key)) throw unprintable('labels', `has a name with control characters: ${shown(key)}`);
    if (UNPRINTABLE.test(value)) throw unprintable(`labels.${key}`, 'has control characters in it');
  }
  const isWithin =
    entries.length <= count &&
    entries.every(([k, v]) => k.length > 0 && k.length <= keyLength && v.length <= valueLength);
  if (isWithin) return;
  throw new VolaryError(
    'invalid_argument',
    `labels may have ${count} entries, with keys of 1 to ${keyLength} and values of up to ${valueLength} characters.`,
    { reason: 'vm.invalid_labels', details: { field: 'labels', ...LABEL_LIMITS } },
  );
}

/** Whether both are the same, in whatever order. */
export function isSameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const inOrder = (labels: Readonly<Record<string, string>>): string =>
    JSON.stringify(Object.entries(labels).toSorted());
  return inOrder(one) === inOrder(other);
}

function shown(key: string): string {
  return JSON.stringify(key.slice(0, LABEL_LIMITS.keyLength));
}

function unprintable(field: string, what: string): VolaryError {
  return new VolaryError('invalid_argument', `${field} ${what}.`, {
    reason: 'vm.invalid_labels',
    details: { field },
  });
}

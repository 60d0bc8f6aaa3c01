import type { Known } from '../book.ts';

/**
 * What the server has said yes or no to, and is not so; and what is there that nobody asked for. Nothing is under way: what no answer came for
 * is known from now on as well.
 */
export function checkWords(kind: string, known: Known[], names: readonly string[]): readonly string[] {
  const there = new Set(names);
  const asked = new Set(known.map(({ name }) => name));
  const strangers = names.filter((name) => !asked.has(name)).map((name) => `a ${kind} that nobody asked for: ${name}`);
  const broken = known.flatMap((entry) => brokenWord(kind, entry, there.has(entry.name)));
  for (const entry of [...known]) {
    if (!there.has(entry.name)) known.splice(known.indexOf(entry), 1);
    else if (entry.creation === 'asked') entry.creation = 'accepted';
    if (entry.deletion === 'asked') entry.deletion = null;
  }
  return [...strangers, ...broken];
}

function brokenWord(kind: string, { name, creation, deletion }: Known, isThere: boolean): readonly string[] {
  if (!isThere) return creation === 'accepted' && deletion === null ? [`lost ${kind}: ${name}`] : [];
  if (deletion === 'accepted') return [`deleted and still there: ${name}`];
  return creation === 'refused' ? [`refused and there: ${name}`] : [];
}

/** What is so must be one of what it may be; from now on it is known. */
export function checkPossible<T>(what: string, possible: T[], actual: T): readonly string[] {
  const isPossible = possible.includes(actual);
  const allowed = possible.join(' or ');
  possible.splice(0, possible.length, actual);
  return isPossible ? [] : [`${what} is ${actual} and was asked to be ${allowed}`];
}

/**
 * Whether a text has each of these phrases: its words one after the other, in any case, with or without accents. It finds what an index of words finds, in lines
 * that are in none.
 */
export function hasPhrases(text: string, phrases: readonly (readonly string[])[]): boolean {
  const words = spaced(wordsIn(text));
  return phrases.every((phrase) => words.includes(spaced(phrase.flatMap(wordsIn))));
}

const WORD = /[\p{L}\p{N}\p{Co}]+/gu;

function wordsIn(text: string): readonly string[] {
  return (
    text
      .normalize('NFD')
      .replaceAll(/\p{M}+/gu, '')
      .toLowerCase()
      .match(WORD) ?? []
  );
}

function spaced(words: readonly string[]): string {
  return ` ${words.join(' ')} `;
}

import { describe, expect, it } from 'vitest';
import { listWrittenFiles, readText } from './repository.ts';

/** A regular expression in a source file; also what only looks like one, which does no harm here. */
const LITERAL = /\/(?![*/ ])(?:\\.|\[(?:\\.|[^\]\n\\])*\]|[^/\n\\[])+\/[dgimsuvy]*/g;
const PATTERN_IN_TEXT = /pattern: *(['"`])(?<source>\^.*?)\1/g;

/**
 * True when a repetition without end stands within another one, as in `(a+)*`: then a text that nearly matches may take a time that doubles
 * with each of its characters.
 */
function hasNestedRepetition(source: string): boolean {
  const groups: { endless: boolean }[] = [{ endless: false }];
  const text = source.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x');
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '(') groups.push({ endless: false });
    const closed = text[at] === ')' ? groups.pop() : undefined;
    const isRepeated = /^(?:[*+]|\{\d+,\})/.test(text.slice(at + 1));
    if (closed?.endless === true && isRepeated) return true;
    const outer = groups.at(-1);
    if (outer !== undefined && (isRepeated || closed?.endless === true)) outer.endless = true;
  }
  return false;
}

describe('a nested repetition', () => {
  it.each([['(a+)+'], ['^(x*)*$'], ['(?:[a-z]+ ?)*!'], ['((a|b)*c)+']])('is seen in %s', (source) => {
    expect(hasNestedRepetition(source)).toBe(true);
  });

  it.each([['^a+b*$'], ['(?:ab){2,4}'], ['\\(a+\\)+'], ['[(a+)]+'], ['(a|b)+c*']])('is not seen in %s', (source) => {
    expect(hasNestedRepetition(source)).toBe(false);
  });
});

describe('the regular expressions', () => {
  const sources = listWrittenFiles().filter(
    (path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !path.includes('.test'),
  );

  it('are many', () => {
    expect(sources.flatMap(expressionsIn).length).toBeGreaterThan(50);
  });

  it('take no time that doubles with each character', () => {
    const bad = sources.flatMap((path) =>
      expressionsIn(path)
        .filter(hasNestedRepetition)
        .map((it) => `${path}: ${it}`),
    );

    expect(bad).toEqual([]);
  });
});

function expressionsIn(path: string): readonly string[] {
  const text = readText(path);
  const inText = [...text.matchAll(PATTERN_IN_TEXT)].map(({ groups }) => groups?.['source'] ?? '');
  const isCode = (line: string): boolean => !/^\s*(?:\*|\/\/|\/\*\*|import |\} from )/.test(line);
  return [
    ...text
      .split('\n')
      .filter(isCode)
      .flatMap((line) => line.match(LITERAL) ?? []),
    ...inText,
  ];
}

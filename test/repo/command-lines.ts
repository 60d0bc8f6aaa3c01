/** The command lines of Volary that documents show, as words. */

/** Ends of what is one command: what comes behind is another one, or a redirection. */
const ENDS = /^(?:[|;&()<]|\d?>)/;

/** The command lines in the blocks of code of a document, without the program: `volary ls --quiet | wc -l` is `ls --quiet`. */
export function commandLinesOf(text: string): readonly (readonly string[])[] {
  const blocks = [...text.matchAll(/^ *```(?:sh|console)?\n([\s\S]*?)^ *```$/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, ' ')
      .split('\n')
      .flatMap((line) => wordsOf(line)),
  );
}

/** The same of code within sentences, where arguments may be left out: `volary exec --detach`. */
export function commandSpansOf(text: string): readonly (readonly string[])[] {
  const spans = text.replace(/^ *```[\s\S]*?^ *```$/gm, '').matchAll(/`((?:\.\/)?volary [^`\n…]+)`/g);
  return [...spans].flatMap(([, span = '']) => wordsOf(span));
}

/** The words behind each `volary` that stands where a shell expects a command. */
function wordsOf(line: string): readonly (readonly string[])[] {
  const found: string[][] = [];
  // What xargs adds is one word here.
  for (const [start, rest = ''] of line.matchAll(
    /(?:^|[|;&(]|xargs -r)\s*(?:\$ )?(?:\w+=(?:'[^']*'|\S+)\s+)*(?:\S*\/)?volary(?=(?:[ )]|$))(?=(.*))/g,
  ))
    found.push(start.startsWith('xargs') ? [...splitWords(rest), 'WORD'] : splitWords(rest));
  return found;
}

/** Splits as a shell does, up to the command's end or a comment. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = text.trimStart();
  while (rest !== '' && !rest.startsWith('#') && !ENDS.test(rest)) {
    const [word = ''] = /^(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"|;&()<>\\])+/.exec(rest) ?? [rest];
    words.push(word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"/g, '$1$2'));
    rest = rest.slice(word.length).trimStart();
  }
  return words;
}

const OPERATORS = ['2>&1', '>&2', '1>&2', '>>', '&&', '||', '>', '<', '|', ';', '\n'] as const;
/** A word, with its quotes and variables resolved, or an operator. */
export type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'operator'; readonly text: string };

/** A digit before an operator belongs to it only at the beginning of a word: `a2>b` writes to b. */
const WITH_DESCRIPTOR = /^[12]>/;

/** The tokens of a script; spaces only separate them. Throws SyntaxError. */
export function* tokenize(script: string, variable: (name: string) => string): Iterable<Token> {
  let word: string | null = null;
  for (let at = 0; at < script.length; ) {
    const rest = script.slice(at);
    const separator = readSeparator(rest, word !== null);
    if (separator === null) {
      const piece = readPiece(rest, variable);
      word = (word ?? '') + piece.text;
      at += piece.length;
      continue;
    }
    if (word !== null) yield { kind: 'word', text: word };
    word = null;
    if (separator.trim() !== '' || separator === '\n') yield { kind: 'operator', text: separator };
    at += separator.length;
  }
  if (word !== null) yield { kind: 'word', text: word };
}

/** The operator or space at the beginning of `rest`; null if a word goes on or begins there. */
function readSeparator(rest: string, isInWord: boolean): string | null {
  const operator = OPERATORS.find((one) => rest.startsWith(one) && !(isInWord && WITH_DESCRIPTOR.test(one)));
  return operator ?? /^\s/.exec(rest)?.[0] ?? null;
}

function readPiece(
  rest: string,
  variable: (name: string) => string,
): { readonly text: string; readonly length: number } {
  const first = rest.charAt(0);
  if (first === "'" || first === '"') {
    const end = rest.indexOf(first, 1);
    if (end === -1) throw new SyntaxError('a quote is not closed');
    const inside = rest.slice(1, end);
    return { text: first === '"' ? expand(inside, variable) : inside, length: end + 1 };
  }
  if (first === '\\') return { text: rest.charAt(1), length: 2 };
  const plain = /^(?:\$[A-Za-z_][A-Za-z0-9_]*|\$[0-9]|[^\s'"\\|;&<>$]|[&$])/.exec(rest)?.[0] ?? first;
  return { text: expand(plain, variable), length: plain.length };
}

function expand(text: string, variable: (name: string) => string): string {
  return text.replaceAll(/\$([A-Za-z_][A-Za-z0-9_]*|[0-9])/g, (_, name: string) => variable(name));
}

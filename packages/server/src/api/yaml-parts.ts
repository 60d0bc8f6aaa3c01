/** Tokens of a text of YAML: a name, a sign, a space, an end of a line. */
const MOST_PARTS = 32_768;

/**
 * True for a text of more tokens than anybody writes by hand. Taking a text apart costs time by its length; making sense of it costs more for each
 * token, and most of all for each that has no place: a quarter of a megabyte of braces alone would keep the server busy for a minute.
 */
export async function hasTooManyParts(text: string): Promise<boolean> {
  // Few requests need it, and it takes its time to load.
  const { Lexer } = await import('yaml');
  let count = 0;
  for (const _ of new Lexer().lex(text)) {
    count += 1;
    if (count > MOST_PARTS) return true;
  }
  return false;
}

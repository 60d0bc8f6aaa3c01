/**
 * The text as it is, within backquotes: nothing in it mentions anybody, refers to anything, or looks like anything else. Of several lines it makes one. "The backtick string" that ends it is
 * as long as that which begins it: https://github.github.com/gfm/#code-spans
 */
export function asCode(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  // A blank on each side is taken off again, and keeps a backquote at an end apart.
  return `${fence} ${line} ${fence}`;
}

import { createHash } from 'node:crypto';

/*
 * docs/errors.md as a page: what the `type` of a problem leads to. Of Markdown it knows what that document has: headings, paragraphs,
 * tables, and in them code, emphasis and links. All of the text is escaped, and the page asks for nothing and runs nothing.
 */

const STYLE =
  'body{font:16px/1.5 sans-serif;max-width:72em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}' +
  'td,th{border:1px solid #bbb;padding:.3em .6em;text-align:left;vertical-align:top}:target{background:#ffeb99}';

/** What browsers may do with the page: nothing but use its own style. */
export const ERRORS_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'`;

/** The page as it is sent: written when it is asked for first, and kept. */
export function errorsPageBytes(markdown: string): () => Buffer {
  let bytes: Buffer | null = null;
  return () => {
    bytes ??= Buffer.from(toErrorsPage(markdown));
    return bytes;
  };
}

/** Each code and each reason has an anchor of its name; a reason that comes with several codes where it is told of first. */
export function toErrorsPage(markdown: string): string {
  const anchors = new Set<string>();
  const blocks = markdown.trim().split(/\n{2,}/);
  const body = blocks.map((block) => toBlock(block, anchors)).join('\n');
  return `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Errors of Volary</title><style>${STYLE}</style></head>\n<body>\n${body}\n</body>\n</html>\n`;
}

function toBlock(block: string, anchors: Set<string>): string {
  const [, marks = '', heading = ''] = /^(#{1,3}) (.+)$/.exec(block) ?? [];
  if (heading !== '') {
    const name = heading.replaceAll('`', '');
    const tag = `h${marks.length}`;
    return `<${tag}${anchor(/\s/.test(name) ? name.toLowerCase().replaceAll(/\s+/g, '-') : name, anchors)}>${toWords(heading)}</${tag}>`;
  }
  return block.startsWith('|') ? toTable(block, anchors) : `<p>${toWords(block)}</p>`;
}

function toTable(block: string, anchors: Set<string>): string {
  const [head = '', , ...rows] = block.split('\n');
  const titles = cellsOf(head).map((cell) => `<th>${toWords(cell)}</th>`);
  const lines = rows.map((row) => {
    const cells = cellsOf(row);
    const reason = /^`([^`]+)`$/.exec(cells[0] ?? '')?.[1];
    const id = reason === undefined ? '' : anchor(reason, anchors);
    return `<tr${id}>${cells.map((cell) => `<td>${toWords(cell)}</td>`).join('')}</tr>`;
  });
  return `<table>\n<thead><tr>${titles.join('')}</tr></thead>\n<tbody>\n${lines.join('\n')}\n</tbody>\n</table>`;
}

function cellsOf(row: string): readonly string[] {
  return row
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

function anchor(name: string, anchors: Set<string>): string {
  if (anchors.has(name)) return '';
  anchors.add(name);
  return ` id="${escaped(name)}"`;
}

function toWords(text: string): string {
  return text
    .split(/(`[^`]+`|\[[^\]]+\]\([^)]+\)|\*[^*]+\*)/)
    .map(toWord)
    .join('');
}

function toWord(part: string): string {
  const [, link, target = ''] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part) ?? [];
  // The other documents are not served: they lie beside the program.
  if (link !== undefined) return `${toWords(link)} (${escaped(placeOf(target))})`;
  if (/^`.+`$/s.test(part)) return `<code>${escaped(part.slice(1, -1))}</code>`;
  if (/^\*.+\*$/s.test(part)) return `<em>${escaped(part.slice(1, -1))}</em>`;
  return escaped(part);
}

/** Where a document of ours is, from the root of the sources. */
function placeOf(target: string): string {
  return new URL(target, 'file:///docs/').pathname.slice(1);
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (sign) => ESCAPES[sign] ?? sign);
}

/**
 * What a document of an API promises, as rows: each endpoint, parameter, field, status, header, event and variable that it
 * names. The same document gives the same rows, so that a table of them can be held against it.
 */
import { type Block, readSections, type Section } from './read-document.ts';

/** `Docker Compose` and its like describe how the original was deployed, not what it answers. */
const NOT_OF_THE_API = ['Docker Compose', 'Kubernetes', 'Building', 'Testing', 'Running', 'Development', 'Packages'];
const ENDPOINT = /^\s*(?:[-*]\s+)?`?(GET|POST|PUT|PATCH|DELETE|WS)\s+(\/[^\s`]*)/;
const STATUS = /(?:^#+ |[`(|]\s?|^- `)([1-5]\d\d)(?=[`\s)|:])/g;
const HEADER_IN_COMMAND = /-H\s+["']([A-Za-z-]+):/g;
const HEADER_IN_PROSE = /`?\b(Authorization|Content-Type|x-user|X-[A-Z][A-Za-z-]+)\b(?=[`:]|\*\*)/g;
const VARIABLE = /^(?:export )?([A-Z][A-Z0-9_]{2,})=/;
const VARIABLE_USED = /\$\{([A-Z][A-Z0-9_]+)\}/g;
const PARAMETER = /^- `([a-z_]+)` \((?:optional|integer|string|boolean)/;
const EVENT_NAME = /^(?:event: |- `)(vm\.[a-z_.]+)/;
const WORD = /^- `([a-z]+)` [-–] /;
const FIELD = /^\| `([a-z_]+)` \| ([a-z]+\??) \|/;

/** The rows, each once, in the order of the document. */
export function extractRows(text: string): readonly string[] {
  const rows = new Set<string>();
  let endpoint: { readonly name: string; readonly level: number } | null = null;
  for (const section of readSections(text)) {
    if ([...section.parents, section.title].some((title) => NOT_OF_THE_API.includes(title))) continue;
    if (endpoint !== null && section.level <= endpoint.level) endpoint = null;
    const named = endpointsOf(section);
    for (const { name, parameters } of named) {
      rows.add(`endpoint ${name}`);
      for (const parameter of parameters) rows.add(`parameter ${name} ?${parameter}`);
    }
    const [own] = named;
    if (own !== undefined && named.length === 1) endpoint = { name: own.name, level: section.level };
    for (const row of proseRows(section, endpoint?.name ?? null)) rows.add(row);
    for (const block of section.blocks)
      for (const row of blockRows(block, section, endpoint?.name ?? null)) rows.add(row);
  }
  return [...rows];
}

function endpointsOf({
  title,
  prose,
  blocks,
}: Section): readonly { readonly name: string; readonly parameters: readonly string[] }[] {
  const requests = blocks
    .filter(({ language }) => language === '' || language === 'http')
    .flatMap(({ lines }) => lines);
  return [title, ...prose, ...requests].flatMap((line) => {
    const match = ENDPOINT.exec(line);
    if (match === null) return [];
    const [path = '', query = ''] = (match[2] ?? '').split('?');
    const parameters = query.split('&').flatMap((pair) => (pair === '' ? [] : [pair.split('=', 1)[0] ?? '']));
    return [{ name: `${match[1]} ${path}`, parameters }];
  });
}

function proseRows({ title, level, prose }: Section, endpoint: string | null): readonly string[] {
  const lines = [`${'#'.repeat(level)} ${title}`, ...prose];
  return lines.flatMap((line) => [
    ...matches(STATUS, line).map((status) => `status ${endpoint === null ? '' : `${endpoint} `}${status}`),
    ...matches(HEADER_IN_PROSE, line).map((header) => `header ${header.toLowerCase()}`),
    ...first(PARAMETER, line).map((name) => `parameter ${endpoint ?? ''} ?${name}`),
    ...first(EVENT_NAME, line).map((name) => `event ${name}`),
    ...first(WORD, line).map((word) => `value ${title}: ${word}`),
    ...first(FIELD, line).map((field) => `field ${title}: ${field}`),
  ]);
}

function blockRows(block: Block, section: Section, endpoint: string | null): readonly string[] {
  const { language, lines } = block;
  const text = lines.join('\n');
  const common = [
    ...matches(HEADER_IN_COMMAND, text).map((header) => `header ${header.toLowerCase()}`),
    ...matches(HEADER_IN_PROSE, text).map((header) => `header ${header.toLowerCase()}`),
    ...matches(VARIABLE_USED, text).map((name) => `variable ${name}`),
  ];
  if (language === 'json') return [...common, ...jsonRows(text, placeOf(block, section, endpoint))];
  if (language === 'yaml') return [...common, ...settingsOf(lines).map((path) => `setting ${path}`)];
  if (language === 'bash' && /environment/i.test(section.title))
    return [...common, ...lines.flatMap((line) => first(VARIABLE, line).map((name) => `variable ${name}`))];
  return [...common, ...eventRows(lines)];
}

/** What a block of JSON is: what is asked or answered, an event, or an error. */
function placeOf({ before }: Block, { title, parents }: Section, endpoint: string | null): string {
  const label = before.findLast((line) => line.trim() !== '') ?? '';
  if (/event/i.test(label)) return 'event';
  if (endpoint === null) {
    const isFault = [...parents, title].some((one) => /error/i.test(one)) && !/success/i.test(title);
    return isFault ? `error ${statusIn(title)}`.trim() : `body ${title}`;
  }
  if (/response/i.test(label)) return `response ${endpoint}`;
  return `request ${endpoint}`;
}

function statusIn(title: string): string {
  return /^\d{3}/.exec(title)?.[0] ?? '';
}

function jsonRows(text: string, place: string): readonly string[] {
  const value: unknown = JSON.parse(withoutComments(text));
  const type = typeof value === 'object' && value !== null && 'type' in value ? value.type : null;
  const named = place === 'event' && typeof type === 'string' ? `event ${type}` : place;
  const own = named === place ? [] : [named];
  return [...own, ...pathsOf(value).map((path) => `${named} ${path}`)];
}

/** Comments and places to be filled in are for people. */
function withoutComments(text: string): string {
  return text.replaceAll(/(^|[\s,])\/\/.*$/gm, '$1').replaceAll(/\{ \.\.\. \}/g, '{}');
}

/** `.a`, `.a.b`, `[].c`: where each value of an example stands. */
export function pathsOf(value: unknown, at = ''): readonly string[] {
  if (Array.isArray(value)) {
    const inner = new Set(value.flatMap((one) => pathsOf(one, `${at}[]`)));
    return inner.size === 0 ? [`${at}[]`] : [...inner];
  }
  if (typeof value !== 'object' || value === null) return at === '' ? [] : [at];
  return Object.entries(value).flatMap(([key, one]) => {
    const path = `${at}.${key}`;
    const inner = pathsOf(one, path);
    return inner.length === 1 && inner[0] === path ? [path] : [path, ...inner];
  });
}

/** `event: NAME` with the `data: {…}` below it. */
function eventRows(lines: readonly string[]): readonly string[] {
  let name: string | null = null;
  return lines.flatMap((line) => {
    name = first(EVENT_NAME, line)[0] ?? name;
    const data = /^data: (.+)$/.exec(line)?.[1];
    if (name === null) return [];
    return data === undefined ? [`event ${name}`] : pathsOf(JSON.parse(data)).map((path) => `event ${name} ${path}`);
  });
}

/** Paths of the leaves of a mapping, by how far they are indented. */
function settingsOf(lines: readonly string[]): readonly string[] {
  const around: { readonly indent: number; readonly name: string }[] = [];
  return lines.flatMap((line) => {
    const match = /^( *)([a-z_]+):(.*)$/.exec(line);
    if (match === null) return [];
    const indent = match[1]?.length ?? 0;
    while ((around.at(-1)?.indent ?? -1) >= indent) around.pop();
    around.push({ indent, name: match[2] ?? '' });
    return (match[3] ?? '').trim() === '' ? [] : [around.map(({ name }) => name).join('.')];
  });
}

function matches(pattern: RegExp, line: string): readonly string[] {
  return [...line.matchAll(pattern)].flatMap((match) => match[1] ?? []);
}

function first(pattern: RegExp, line: string): readonly string[] {
  const found = pattern.exec(line)?.[1];
  return found === undefined ? [] : [found];
}

/**
 * The catalogue: which tools there are, and where their versions come from. A YAML file of ours (guest/tools/catalogue.yaml, which says what each field is), and one of
 * the operator's with the same form, whose entries replace ours of the same name.
 */
import { readFile } from 'node:fs/promises';
import { type Document, parseDocument } from 'yaml';
import { VolaryError } from '../../domain/errors.ts';
import {
  dictionaryOf,
  either,
  integer,
  listOf,
  nothing,
  type Of,
  oneOf,
  optional,
  record,
  type Shape,
  text,
} from '../../lib/shape.ts';

/** Words become arguments of programs and names of files: none may look like an option, or lead elsewhere. */
const word: Shape<string> = (value): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9@][A-Za-z0-9@/.+_-]*$/.test(value);
const inside: Shape<string> = (value): value is string =>
  typeof value === 'string' && /^[^/\0]/.test(value) && !value.split('/').includes('..');
const httpUrl: Shape<string> = (value): value is string => typeof value === 'string' && /^https?:\/\//.test(value);

/** A command: where its program is in the pack; or what it runs, with which variables. `{home}` is where the pack is mounted. */
const COMMAND = either(inside, record({ run: listOf(text, 1), env: optional(dictionaryOf(text)) }));
const COMMANDS = dictionaryOf(COMMAND);
const NPM_PART = record({ package: word, range: text, into: inside });
const COMMON = {
  /** By which these versions can be asked for: `go@debian`. */
  name: word,
  bin: COMMANDS,
  /** Small files that are put into the pack. */
  files: optional(dictionaryOf(text)),
  /** Places of the system that it was made for, in text files of the pack: each `from` becomes `to`, with `{home}`. */
  edits: optional(listOf(record({ file: inside, from: text, to: text }), 1)),
};

/** Packages of Debian with libraries that its programs need, and not every guest has: put into the pack, where its commands look for them. */
const LIBRARIES = optional(listOf(word, 1));

const NPM = record({
  ...COMMON,
  libraries: LIBRARIES,
  kind: oneOf('npm'),
  package: word,
  with: optional(listOf(NPM_PART)),
});
const DEBIAN = record({
  ...COMMON,
  kind: oneOf('debian'),
  packages: listOf(word, 1),
  /** The package whose version is the tool's. */
  version_of: word,
  /** Packages that others want, and this tool does not need. */
  omit: optional(listOf(word)),
  /** Directories that stay, of those that tools are not given otherwise: documentation, configuration, state. */
  keep: optional(listOf(inside)),
  /** Programs that are left as they are: others are made to find their libraries in the pack. */
  untouched: optional(listOf(inside)),
});
const URL_SOURCE = record({
  ...COMMON,
  libraries: LIBRARIES,
  kind: oneOf('url'),
  /** With `{version}`. */
  url: httpUrl,
  /** SHA-256 of each version's file; null: it is taken from `checksum_url`. */
  versions: dictionaryOf(either(nothing, text)),
  /** Where its own site tells the SHA-256, with `{version}`: alone, or in lines with names of files. */
  checksum_url: optional(httpUrl),
  /** How many directories of the archive are left out. */
  strip: optional(integer(0)),
});
const ENTRY = record({
  description: text,
  aliases: optional(listOf(word)),
  /** The first one is the default. */
  sources: listOf(either(NPM, either(DEBIAN, URL_SOURCE)), 1),
});
const CATALOGUE = record({ tools: dictionaryOf(ENTRY) });

export type NpmSource = Of<typeof NPM>;
export type DebianSource = Of<typeof DEBIAN>;
export type UrlSource = Of<typeof URL_SOURCE>;
export type Source = NpmSource | DebianSource | UrlSource;
export type Command = Of<typeof COMMAND>;
export type ToolEntry = Of<typeof ENTRY>;
export type Catalogue = ReadonlyMap<string, ToolEntry>;

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Nodes that one anchor may become. */
const MAX_ALIASES = 100;

/**
 * Our catalogue with the operator's entries in it. A file of the operator's that is not there is an empty one; one that is not well-formed is
 * `invalid_argument` tool.bad_catalogue, with the first thing that is wrong.
 */
export async function readCatalogue(ownPath: string, operatorsPath: string): Promise<Catalogue> {
  const own = parseCatalogue(await readFile(ownPath, 'utf8'), 'guest/tools/catalogue.yaml');
  const theirs = await readFile(operatorsPath, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return theirs === null ? own : new Map([...own, ...parseCatalogue(theirs, 'tools.yaml')]);
}

/** `file`: its name, for the sentence. */
export function parseCatalogue(content: string, file: string): Catalogue {
  const document = parseDocument(content);
  const [fault] = document.errors;
  if (fault !== undefined) throw bad(file, fault.message.split('\n')[0] ?? '');
  const value = contentOf(document, file);
  if (!CATALOGUE(value)) throw bad(file, firstFault(value));
  const wrong = Object.keys(value.tools).find((name) => !NAME.test(name));
  if (wrong !== undefined) throw bad(file, `${wrong} is no name of a tool`);
  return new Map(Object.entries(value.tools));
}

function contentOf(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    // What its aliases would become is more than anybody writes by hand.
    throw bad(file, error instanceof Error ? error.message : 'its aliases are too many');
  }
}

/** Which entry, and which of its sources, is not as it has to be. */
function firstFault(value: unknown): string {
  if (!record({ tools: dictionaryOf((each): each is unknown => each !== undefined) })(value))
    return 'it has no "tools"';
  for (const [name, entry] of Object.entries(value.tools)) {
    if (ENTRY(entry)) continue;
    if (!record({ description: text, sources: listOf((each): each is unknown => each !== undefined, 1) })(entry))
      return `tools.${name} needs a description and sources`;
    const at = entry.sources.findIndex((source) => !NPM(source) && !DEBIAN(source) && !URL_SOURCE(source));
    return at === -1 ? `tools.${name} is not well-formed` : `tools.${name}.sources[${at}] is not well-formed`;
  }
  return 'it is not well-formed';
}

function bad(file: string, what: string): VolaryError {
  return new VolaryError('invalid_argument', `The catalogue of tools ${file} cannot be used: ${what}.`, {
    reason: 'tool.bad_catalogue',
    details: { file },
  });
}

/** Places that the catalogue's own URLs name, `host:port`: the operator means them. */
export function placesOf(catalogue: Catalogue): readonly string[] {
  const places = [...catalogue.values()]
    .flatMap(({ sources }) => sources)
    .flatMap((source) => (source.kind === 'url' ? [source.url, source.checksum_url ?? source.url] : []))
    .map(placeOf);
  return [...new Set(places)];
}

/** `host:port` of a URL. */
export function placeOf(text: string): string {
  const { hostname, port, protocol } = new URL(text.replaceAll('{version}', '0'));
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

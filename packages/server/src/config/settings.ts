import { parseArgs } from 'node:util';
import { VolaryError } from '../domain/errors.ts';
import { SECTIONS, type SettingName, SOURCES, type Source, TABLES } from './setting-sources.ts';
import { type Env, readYamlFile } from './yaml-file.ts';

/** What was told, before it is checked. */
export interface Settings {
  /** As text: a list has commas between its parts, a table `name: value` in them. Null where nothing was told. */
  text(name: SettingName): string | null;
  /** Whether the file has something in this section. */
  hasSection(name: string): boolean;
}

const ALL_SOURCES: readonly Source[] = Object.values(SOURCES);
/** Given more than once, it is a list. */
const LIST = 'listen';
/** Flags that are given without a value: then they are on. */
const SWITCHES: ReadonlySet<string> = new Set(['insecure-listen', 'dev-auth']);

/** Collects the settings. Throws `invalid_argument` for a flag or a setting that does not exist, or a file that cannot be read. */
export async function readSettings(argv: readonly string[], env: Env): Promise<Settings> {
  const flags = readFlags(argv);
  const path = flags.get('config');
  const file = path === undefined ? new Map<string, string>() : await readFile(path, env);
  return {
    text(setting) {
      const { flag, env: variable, file: name }: Source = SOURCES[setting];
      return (
        (flag === null ? undefined : flags.get(flag)) ||
        (variable === null ? undefined : env[variable]) ||
        (name === null ? undefined : file.get(name)) ||
        null
      );
    },
    hasSection: (section) => [...file.keys()].some((name) => name.startsWith(`${section}.`)),
  };
}

function readFlags(argv: readonly string[]): ReadonlyMap<string, string> {
  const names = ['config', ...ALL_SOURCES.flatMap(({ flag }) => flag ?? [])];
  const options = Object.fromEntries(
    names.map((name) => [
      name,
      { type: SWITCHES.has(name) ? ('boolean' as const) : ('string' as const), multiple: name === LIST },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false });
    return new Map(
      Object.entries(values).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value === true ? 'on' : String(value)]],
      ),
    );
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'The command line cannot be read.', error);
  }
}

async function readFile(path: string, env: Env): Promise<ReadonlyMap<string, string>> {
  const document = await readYamlFile(path, env);
  if (document === null || document === undefined) return new Map();
  if (typeof document !== 'object' || Array.isArray(document))
    throw invalid('The configuration file must hold settings by name.', null);
  const known = new Set(ALL_SOURCES.flatMap(({ file }) => file ?? []));
  const settings = new Map<string, string>();
  for (const [name, value] of Object.entries(document).flatMap(withPaths)) {
    if (!known.has(name)) throw invalid(`There is no setting ${name}; there are: ${[...known].join(', ')}.`, null);
    settings.set(name, toText(name, value));
  }
  return settings;
}

/** The settings of a section by their paths; any other one as it is. */
function withPaths([name, value]: readonly [string, unknown]): readonly (readonly [string, unknown])[] {
  const [section = ''] = name.split('.', 1);
  if (!SECTIONS.has(section) || typeof value !== 'object' || value === null || Array.isArray(value))
    return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) => withPaths([`${name}.${key}`, inner]));
}

/** A value of the file as the command line would have it: a list has commas between its parts, a table `name: value` in them. */
function toText(name: string, value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    throw invalid(
      `The setting ${name} is a number with too many digits to be read as one; write it between quotes.`,
      null,
    );
  if (isScalar(value)) return String(value);
  if (Array.isArray(value) && value.every(isScalar)) return value.join(', ');
  if (TABLES.has(name) && typeof value === 'object' && value !== null && Object.values(value).every(isScalar))
    return Object.entries(value)
      .map(([key, text]) => `${key}: ${text}`)
      .join(', ');
  throw invalid(`The setting ${name} must be a text${TABLES.has(name) ? ' for each name' : ''}.`, null);
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function invalid(message: string, cause: unknown): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'config.invalid', cause });
}

import { readFileSync } from 'node:fs';
import { VolaryError } from '../domain/errors.ts';

export type Env = Readonly<Record<string, string | undefined>>;

/** What a YAML file holds, with `${VAR}` replaced. Throws `invalid_argument` config.invalid, which repeats nothing of what the file has or the environment. */
export async function readYamlFile(path: string, env: Env): Promise<unknown> {
  // Loaded only where there is a file: the parser takes several megabytes.
  const { parse, YAMLParseError } = await import('yaml');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown';
    throw invalid(`The configuration file ${path} cannot be read: ${why}.`, error);
  }
  const expanded = expand(text, env);
  try {
    return parse(expanded);
  } catch (error) {
    // What the parser says shows the line, and so what stands there: a password, as the environment may have it.
    const place = error instanceof YAMLParseError ? error.linePos?.[0] : undefined;
    const where = place === undefined ? '' : ` at line ${place.line}, column ${place.col}`;
    throw invalid(`The configuration file ${path} cannot be read: it is no YAML${where}.`, null);
  }
}

/** Replaces `${VAR}`; a variable that is not set stops the start, since an empty value would be a silent guess. */
function expand(text: string, env: Env): string {
  return text.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_all, name: string) => {
    const value = env[name];
    if (value === undefined) throw invalid(`The configuration file uses \${${name}}, which is not set.`, null);
    return value;
  });
}

function invalid(message: string, cause: unknown): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'config.invalid', cause });
}

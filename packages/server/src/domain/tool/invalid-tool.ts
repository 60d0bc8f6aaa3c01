/** What is wrong with how a tool is asked for. `field`: where that stands in the request. */
import { VolaryError } from '../errors.ts';

/** `invalid_argument` tool.invalid_range. */
export function invalidRange(name: string, range: string, field = 'tools'): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `"${range}" is no range of versions of ${name}. Write it as 20, ^1.4, ~2.0.3, ">=1.2 <2", latest, or an exact version.`,
    { reason: 'tool.invalid_range', details: { field, tool: name } },
  );
}

/** `invalid_argument` tool.invalid_request. */
export function invalidTool(text: string, field = 'tools'): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `"${text}" names no tool. Write it as nodejs, nodejs@20 or nodejs@latest.`,
    { reason: 'tool.invalid_request', details: { field } },
  );
}

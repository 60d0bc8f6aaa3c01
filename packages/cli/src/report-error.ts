import type { VolaryApiError } from '@volary/sdk';
import { CommanderError } from 'commander';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import { EXIT_CODES, type ExitCode } from './exit-codes.ts';
import { hintFor } from './hints.ts';
import { toSafeWords } from './output/console-text.ts';
import { formatInvalidFields } from './output/invalid-fields.ts';
import { styled } from './output/style.ts';
import { asTyped } from './paths.ts';
import { describeTlsFailure } from './tls-failure.ts';

/** An error in the form in which it is told, as text and as JSON. */
interface Report {
  readonly message: string;
  readonly hint: string | null;
  readonly reason: string;
  readonly exitCode: ExitCode;
  /** What the server said besides, for `--json`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** They end with the code of what they run, so that their own faults have one of their own. */
const ENDING_AS_COMMANDS: ReadonlySet<string> = new Set(['exec', 'ssh', 'workspace ssh']);

/** Tells the error on stderr (one sentence and what to do, or one JSON document) and returns the exit code. `command`: its words, where it is the whole command that has failed. */
export function reportError(
  error: unknown,
  { stderr, env, globals }: Pick<Context, 'stderr' | 'env' | 'globals'>,
  command: string | null = null,
): ExitCode {
  const report = describeError(error, command);
  const hint = report.hint === null ? null : asTyped(report.hint, env);
  const isCommands = ENDING_AS_COMMANDS.has(command ?? '');
  const exitCode = isCommands && report.exitCode !== EXIT_CODES.timedOut ? EXIT_CODES.execFailed : report.exitCode;
  if (globals.json === true) {
    const { message, reason, more } = report;
    stderr.write(`${JSON.stringify({ error: { message, hint, reason, exit_code: exitCode, ...more } })}\n`);
    return exitCode;
  }
  stderr.write(`${styled(stderr, 'red', 'error:')} ${toSafeWords(report.message)}\n`);
  if (hint !== null) stderr.write(`  ${styled(stderr, 'cyan', '→')} ${hint}\n`);
  return exitCode;
}

/** What is told of an error, whatever threw it. */
export function describeError(error: unknown, command: string | null): Report {
  if (error instanceof CliError) return error;
  if (error instanceof CommanderError) return describeUsage(error, command);
  if (isApiError(error)) return describeApiError(error);
  const distrusted = describeTlsFailure(error);
  if (distrusted !== null) return distrusted;
  const address = findMissingServer(error);
  if (address !== null) {
    return {
      message: `No server answers${address}.`,
      hint: 'start one: volary up, or volary serve; or name another: --url',
      reason: 'cli.no_server',
      exitCode: EXIT_CODES.noServer,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { message, hint: null, reason: 'cli.unexpected', exitCode: EXIT_CODES.error };
}

function describeUsage(error: CommanderError, command: string | null): Report {
  return {
    message: asSentence(capitalise(error.message.replace(/^error: /, '').replaceAll('\n', ' '))),
    hint: command === null ? 'volary help' : `volary help ${command.split(' ')[0]}`,
    reason: 'cli.usage',
    exitCode: EXIT_CODES.usage,
  };
}

/** By its name: the SDK is not loaded for a command that needs no server. */
function isApiError(error: unknown): error is VolaryApiError {
  return error instanceof Error && error.name === 'VolaryApiError' && 'reason' in error;
}

const EXIT_CODE_OF: Readonly<Record<string, ExitCode>> = {
  invalid_argument: EXIT_CODES.usage,
  not_found: EXIT_CODES.notFound,
  already_exists: EXIT_CODES.precondition,
  failed_precondition: EXIT_CODES.precondition,
  conflict: EXIT_CODES.precondition,
  unauthenticated: EXIT_CODES.noServer,
  permission_denied: EXIT_CODES.noServer,
};

/** Where the reason says more than the code: a guest's refusal is nothing that another key would change. */
const EXIT_CODE_BY_REASON: Readonly<Record<string, ExitCode>> = { 'guest.permission_denied': EXIT_CODES.error };

function describeApiError(error: VolaryApiError): Report {
  const { status, code, reason, detail, retryable, errors, details, requestId, operationId } = error;
  const said = asSentence(detail === '' ? error.message : detail);
  return {
    message: reason === 'request.invalid' && errors.length > 0 ? formatInvalidFields(errors) : said,
    hint: hintFor(code, reason),
    reason,
    exitCode: EXIT_CODE_BY_REASON[reason] ?? EXIT_CODE_OF[code] ?? EXIT_CODES.error,
    more: { code, status, detail, retryable, request_id: requestId, operation_id: operationId, errors, details },
  };
}

const CONNECTION_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Where nobody answered (` at http://…`, or nothing where that is not known); null if the error is about something else. */
function findMissingServer(error: unknown): string | null {
  if (error instanceof Error && error.name === 'VolaryConnectionError' && 'baseUrl' in error)
    return ` at ${String(error.baseUrl)}`;
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && CONNECTION_ERRORS.has(String(cause.code))) return '';
  }
  return null;
}

function asSentence(text: string): string {
  return /[.!?:)]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}

/** Not for what the server says: that may begin with the name of a field. */
function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

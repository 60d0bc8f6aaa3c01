import { CliError } from '../errors.ts';

/** A file that was not copied, while the others were. */
export interface LeftOut {
  readonly path: string;
  readonly why: string;
}

/** Takes note of a file that is left out. */
export type LeaveOut = (path: string, why: string) => void;

/** `cli.incomplete`: not everything that was asked for was copied. Each file was told of before. */
export function leftOutError(files: readonly LeftOut[]): CliError {
  const count = files.length === 1 ? '1 file was' : `${files.length} files were`;
  return new CliError(`The copy is incomplete: ${count} left out.`, { reason: 'cli.incomplete' });
}

/** `cli.incomplete`: the connection broke in the middle. */
export function brokenOffError(path: string, cause: unknown): CliError {
  return new CliError(`The transfer of ${path} broke off.`, {
    reason: 'cli.incomplete',
    hint: 'copy it again; if it breaks again at once, the guest cannot read the file to its end',
    cause,
  });
}

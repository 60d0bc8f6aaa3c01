import { getSystemErrorMessage } from 'node:util';

/** True if this is the operating system's refusal (`ENOENT`, `ENOSPC`, …). */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { readonly errno: number } {
  return error instanceof Error && 'syscall' in error && 'errno' in error && typeof error.errno === 'number';
}

/** Why the operating system refused, in its words, without the call and the path that Node.js adds. */
export function systemReason(error: unknown): string {
  if (isSystemError(error)) return getSystemErrorMessage(error.errno);
  return error instanceof Error ? error.message : String(error);
}

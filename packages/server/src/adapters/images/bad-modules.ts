import { VolaryError } from '../../domain/errors.ts';

/** `failed_precondition` image.bad_modules; `what`: a sentence without its end. Users may write what they like into a root, and where its modules are. */
export function badModules(what: string, cause?: unknown): VolaryError {
  return new VolaryError('failed_precondition', `The kernel's modules in the image cannot be used: ${what}.`, {
    reason: 'image.bad_modules',
    cause,
  });
}

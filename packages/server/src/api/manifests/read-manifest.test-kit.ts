import { VolaryError } from '../../domain/errors.ts';
import { readManifest } from './read-manifest.ts';

const NAMED = { name: 'web', version: '1.0.0' };

/** What becomes of a manifest with these fields. */
export const read = (fields: object) => readManifest({ ...NAMED, ...fields });

/** The paths of all that is wrong with it, and what is said of them. */
export async function faultsOf(fields: object): Promise<Readonly<Record<string, string>>> {
  try {
    await read(fields);
  } catch (error) {
    if (!(error instanceof VolaryError) || !Array.isArray(error.details['errors'])) throw error;
    return Object.fromEntries(error.details['errors'].map(({ field, message }) => [field, message]));
  }
  return {};
}

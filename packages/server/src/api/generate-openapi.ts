import { readFile, writeFile } from 'node:fs/promises';
import { ALL_FACES } from './faces.ts';

const FOLDER = new URL('../../../../docs/api/', import.meta.url);
const PACKAGE = new URL('../../package.json', import.meta.url);

/** Of each face, as it is checked in. */
export async function openApiFiles(): Promise<readonly { readonly url: URL; readonly text: string }[]> {
  const { version }: { readonly version: string } = JSON.parse(await readFile(PACKAGE, 'utf8'));
  return ALL_FACES.map(({ face }) => ({
    url: new URL(face.name === 'v1' ? 'openapi.json' : `${face.name}.json`, FOLDER),
    text: `${JSON.stringify(face.describe(version), null, 2)}\n`,
  }));
}

/** Writes docs/api/*.json anew: `node packages/server/src/api/generate-openapi.ts`. */
if (import.meta.main) for (const { url, text } of await openApiFiles()) await writeFile(url, text);

import { readFile, writeFile } from 'node:fs/promises';
import { openApiDocument } from '@volary/contract';

const TARGET = new URL('../../../../../docs/api/openapi.json', import.meta.url);
const PACKAGE = new URL('../../../package.json', import.meta.url);

/** The document as it is checked in. */
export async function openApiText(): Promise<string> {
  const { version }: { readonly version: string } = JSON.parse(await readFile(PACKAGE, 'utf8'));
  return `${JSON.stringify(openApiDocument({ version }), null, 2)}\n`;
}

/** Writes docs/api/openapi.json anew: `node packages/server/src/api/v1/generate-openapi.ts`. */
if (import.meta.main) await writeFile(TARGET, await openApiText());

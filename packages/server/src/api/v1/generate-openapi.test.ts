import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { openApiText } from './generate-openapi.ts';

describe('docs/api/openapi.json', () => {
  it('is what the contract says: run `node packages/server/src/api/v1/generate-openapi.ts` after a change', async () => {
    const kept = await readFile(new URL('../../../../../docs/api/openapi.json', import.meta.url), 'utf8');

    expect(kept).toBe(await openApiText());
  });
});

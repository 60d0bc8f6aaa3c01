import { readFile } from 'node:fs/promises';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { openApiFiles } from './generate-openapi.ts';

const files = await openApiFiles();

describe.each(files.map(({ url, text }) => ({ name: `docs/api/${url.pathname.split('/').at(-1)}`, url, text })))(
  '$name',
  ({ url, text }) => {
    it('is what the routes say: run `node packages/server/src/api/generate-openapi.ts` after a change', async () => {
      expect(await readFile(url, 'utf8')).toBe(text);
    });

    it('has nothing that a linter finds wrong', async () => {
      const config = await createConfig({
        extends: ['recommended'],
        rules: {
          // What a route may answer is told by its statuses; `default` is for what nobody expects.
          'operation-4xx-response': 'off',
          // The default address of a server that everybody runs for themselves.
          'no-server-example.com': 'off',
        },
      });
      const problems = await lintFromString({ source: text, absoluteRef: url.href, config });

      expect(problems.map(({ ruleId, message, location }) => `${ruleId} ${message} ${location[0]?.pointer}`)).toEqual(
        [],
      );
    });
  },
);

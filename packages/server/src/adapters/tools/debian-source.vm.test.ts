import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalogue } from './catalogue.ts';
import { createDebianSource } from './debian-source.ts';

/* With Debian's real archive: apt holds a lock of its own on the lists, and does not wait for it. */

const CATALOGUE = new URL('../../../../../guest/tools/catalogue.yaml', import.meta.url).pathname;

let stateDir: string;
beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'volary-apt-'));
});
afterAll(() => rm(stateDir, { recursive: true, force: true }));

describe("Debian's packages as tools", () => {
  it('are looked up at once by several that share a cache', { timeout: 300_000 }, async () => {
    const catalogue = await readCatalogue(CATALOGUE, join(stateDir, 'none.yaml'));
    const sources = ['python', 'rust', 'git'].map((name) => {
      const debian = catalogue.get(name)?.sources.find((source) => source.kind === 'debian');
      if (debian === undefined) throw new Error(`${name} does not come from Debian`);
      return createDebianSource(name, debian, { stateDir });
    });

    const found = await Promise.all(sources.map((source) => source.versions({ signal: AbortSignal.timeout(200_000) })));

    expect(found).toEqual(sources.map(() => [expect.stringMatching(/^\d+\.\d+/)]));
  });
});

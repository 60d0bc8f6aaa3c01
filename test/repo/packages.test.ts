import { expect, test } from 'vitest';
import { listFiles, readText } from './repository.ts';

type Dictionary = Readonly<Record<string, unknown>>;

function isDictionary(value: unknown): value is Dictionary {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function dictionary(value: unknown): Dictionary {
  return isDictionary(value) ? value : {};
}

function readJson(path: string): Dictionary {
  const value: unknown = JSON.parse(readText(path));
  return dictionary(value);
}

interface Dependency {
  readonly manifest: string;
  readonly name: string;
  readonly version: unknown;
}

function dependencies(): readonly Dependency[] {
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies', 'overrides'];
  return listFiles()
    .filter((path) => /(^|\/)package\.json$/.test(path))
    .flatMap((manifest) =>
      kinds.flatMap((kind) =>
        Object.entries(dictionary(readJson(manifest)[kind])).map(([name, version]) => ({ manifest, name, version })),
      ),
    );
}

function locked(): readonly (readonly [path: string, entry: Dictionary])[] {
  return listFiles()
    .filter((path) => /(^|\/)package-lock\.json$/.test(path))
    .flatMap((lockfile) =>
      Object.entries(dictionary(readJson(lockfile)['packages'])).map(
        ([path, entry]) => [`${lockfile}: ${path}`, dictionary(entry)] as const,
      ),
    )
    .filter(([path, entry]) => path.includes('node_modules/') && entry['link'] !== true);
}

test('dependencies are pinned to one version', () => {
  const loose = dependencies().filter(({ version }) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)));

  expect(dependencies().length).toBeGreaterThan(10);
  expect(loose).toEqual([]);
});

test('packages that need the same dependency agree on its version', () => {
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of dependencies()) {
    versions.set(name, (versions.get(name) ?? new Set()).add(String(version)));
  }

  expect([...versions].filter(([, of]) => of.size > 1)).toEqual([]);
});

/**
 * A lockfile without addresses works with any registry; the digest says that what it gives is the right thing. Builds
 * for platforms that we do not run on are never fetched: a registry that does not carry them could give no digest.
 */
test('lockfiles name no registry of ours, and each package by its digest', () => {
  const foreign = locked().filter(([, { resolved, integrity, optional, os, cpu }]) => {
    const isPublic = resolved === undefined || String(resolved).startsWith('https://registry.npmjs.org/');
    const isFetched = optional !== true || os === undefined || cpu === undefined || integrity !== undefined;
    return !isPublic || (isFetched && !String(integrity).startsWith('sha512-'));
  });

  expect(locked().length).toBeGreaterThan(100);
  expect(foreign.map(([path]) => path)).toEqual([]);
});

test('the lockfile has an entry for each optional package, as npm ci demands', () => {
  const entries = new Map(locked().map(([path, entry]) => [path.slice(path.lastIndexOf('node_modules/') + 13), entry]));
  const wanted = locked().flatMap(([, { optionalDependencies }]) => Object.keys(Object(optionalDependencies)));

  expect(wanted.length).toBeGreaterThan(20);
  expect(wanted.filter((name) => !entries.has(name))).toEqual([]);
});

test('install scripts are not run', () => {
  expect(readText('.npmrc')).toMatch(/^ignore-scripts=true$/m);
});

test('packages of the repository have the same version and licence', () => {
  const root = readJson('package.json');
  const packages = listFiles().filter((path) => /^packages\/[^/]+\/package\.json$/.test(path));

  expect(packages.length).toBeGreaterThan(3);
  expect(packages.filter((path) => readJson(path)['version'] !== root['version'])).toEqual([]);
  expect(packages.filter((path) => readJson(path)['private'] !== true)).toEqual([]);
  expect(readText('LICENSE')).toContain('Apache License');
  expect(root['license']).toBe('Apache-2.0');
});

import { describe, expect, test } from 'vitest';
import { type Cruise, cruiseTree, listRules, type Violation } from './cruise.ts';
import { type Files, plantTree, SOUND_TREE } from './planted-tree.ts';
import { listFiles, ROOT } from './repository.ts';

const S = 'packages/server/src';

/** What a fault is made of, and the import that has to be named for it. */
interface Fault extends Violation {
  readonly files: Files;
}

/** A fault that is one more module, with one import. */
function badImport(rule: string, from: string, specifier: string, to: string): Fault {
  return { rule, from, to, files: { [from]: `import '${specifier}';\n`, ...importedByATest(from) } };
}

/** An orphan would be a second fault; a test that imports the module makes it none. */
function importedByATest(path: string): Files {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return { [path.replace(/[.]ts$/, '.test.ts')]: `import './${file}';\n` };
}

/** One import for each pair of layers that the picture forbids, and the rule that has to speak. */
function layerFaults(): readonly Fault[] {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    lib: [],
    domain: ['lib'],
    ports: ['domain', 'lib'],
    engine: ['domain', 'ports', 'lib'],
    adapters: ['domain', 'ports', 'lib'],
    api: ['domain', 'engine', 'lib'],
    config: ['domain', 'lib'],
  };
  const base: Readonly<Record<string, string>> = { adapters: 'adapters/shared/base.ts', api: 'api/v1/base.ts' };
  return Object.entries(allowed).flatMap(([layer, others]) =>
    Object.keys(allowed)
      .filter((other) => other !== layer && !others.includes(other))
      .map((other) => {
        const target = base[other] ?? `${other}/base.ts`;
        const rule = `${layer}-imports-only-${others.join('-') || 'itself'}`;
        return badImport(rule, `${S}/${layer}/to-${other}.ts`, `../${target}`, `${S}/${target}`);
      }),
  );
}

const faults: readonly Fault[] = [
  ...layerFaults(),
  badImport('contract-imports-only-itself', 'packages/contract/src/bad.ts', '@volary/sdk', 'packages/sdk/src/index.ts'),
  badImport('sdk-imports-only-contract', 'packages/sdk/src/bad.ts', `../../server/src/lib/base.ts`, `${S}/lib/base.ts`),
  badImport(
    'cli-imports-only-sdk-contract',
    'packages/cli/src/bad.ts',
    '../../server/src/lib/base.ts',
    `${S}/lib/base.ts`,
  ),
  badImport('server-imports-only-contract', `${S}/api/v1/bad.ts`, '@volary/sdk', 'packages/sdk/src/index.ts'),
  badImport('wire-format-stays-in-api', `${S}/engine/bad.ts`, '@volary/contract', 'packages/contract/src/index.ts'),
  badImport(
    'wire-format-stays-in-api',
    `${S}/adapters/bus/bad.ts`,
    '@volary/contract',
    'packages/contract/src/index.ts',
  ),
  badImport(
    'adapters-are-strangers',
    `${S}/adapters/drivers/one/bad.ts`,
    '../two/base.ts',
    `${S}/adapters/drivers/two/base.ts`,
  ),
  badImport(
    'adapters-are-strangers',
    `${S}/adapters/drivers/shared/bad.ts`,
    '../two/base.ts',
    `${S}/adapters/drivers/two/base.ts`,
  ),
  badImport(
    'kinds-of-adapters-are-strangers',
    `${S}/adapters/bus/bad.ts`,
    '../drivers/two/base.ts',
    `${S}/adapters/drivers/two/base.ts`,
  ),
  badImport('dialects-are-strangers', `${S}/api/compat/one/bad.ts`, '../two/base.ts', `${S}/api/compat/two/base.ts`),
  badImport('dialects-are-strangers', `${S}/api/compat/one/bad.ts`, '../../v1/base.ts', `${S}/api/v1/base.ts`),
  badImport('dialects-are-strangers', `${S}/api/v1/bad.ts`, '../compat/one/base.ts', `${S}/api/compat/one/base.ts`),
  badImport('core-does-no-io', `${S}/domain/bad.ts`, 'node:fs', 'fs'),
  badImport('core-does-no-io', `${S}/ports/bad.ts`, 'fastify', 'node_modules/fastify/index.js'),
  badImport('core-does-no-io', `${S}/engine/bad.ts`, 'undeclared', 'node_modules/undeclared/index.js'),
  badImport('contract-needs-only-typebox', 'packages/contract/src/bad.ts', 'node:fs', 'fs'),
  badImport('contract-needs-only-typebox', 'packages/contract/src/bad.ts', 'fastify', 'node_modules/fastify/index.js'),
  badImport('dependencies-are-declared', 'packages/cli/src/bad.ts', 'undeclared', 'node_modules/undeclared/index.js'),
  badImport('imports-resolve', `${S}/lib/bad.ts`, './gone.ts', './gone.ts'),
  badImport('nobody-imports-main', `${S}/compose.ts`, './main.ts', `${S}/main.ts`),
  badImport('programs-import-no-tests', `${S}/engine/bad.ts`, './base.test.ts', `${S}/engine/base.test.ts`),
  {
    rule: 'no-cycles',
    from: `${S}/lib/cycle-a.ts`,
    to: `${S}/lib/cycle-b.ts`,
    files: { [`${S}/lib/cycle-a.ts`]: "import './cycle-b.ts';\n", [`${S}/lib/cycle-b.ts`]: "import './cycle-a.ts';\n" },
  },
  {
    rule: 'no-cycles',
    from: `${S}/lib/type-a.ts`,
    to: `${S}/lib/type-b.ts`,
    files: {
      [`${S}/lib/type-a.ts`]: "import type { B } from './type-b.ts';\nexport type A = B;\n",
      [`${S}/lib/type-b.ts`]: "import type { A } from './type-a.ts';\nexport type B = A;\n",
    },
  },
  {
    rule: 'no-orphans',
    from: `${S}/lib/orphan.ts`,
    to: `${S}/lib/orphan.ts`,
    files: { [`${S}/lib/orphan.ts`]: 'export const orphan = 1;\n' },
  },
];

async function cruisePlanted(files: Files): Promise<Cruise> {
  using tree = plantTree({ ...SOUND_TREE, ...files });
  return await cruiseTree(tree.root, ['packages']);
}

describe('the rules about imports', () => {
  test('find nothing in a tree that keeps them', async () => {
    const { violations, moduleCount } = await cruisePlanted({});

    expect(violations).toEqual([]);
    expect(moduleCount).toBe(Object.keys(SOUND_TREE).filter((path) => path.endsWith('.ts')).length);
  });

  test.each(faults)('$rule speaks of $from and $to', async ({ rule, from, to, files }) => {
    const { violations } = await cruisePlanted(files);

    expect(violations).toContainEqual({ rule, from, to });
  });

  test('have each been broken above', async () => {
    const broken = new Set(faults.map((fault) => fault.rule));

    expect([...broken].sort()).toEqual([...(await listRules())].sort());
  });
});

test('the repository keeps the rules about imports', async () => {
  const folders = ['packages', 'guest', 'test', 'bench'];
  const sources = listFiles().filter((path) => path.endsWith('.ts') && folders.some((it) => path.startsWith(`${it}/`)));

  const { violations, moduleCount } = await cruiseTree(ROOT, folders);

  expect(moduleCount, 'modules read').toBeGreaterThanOrEqual(sources.length);
  expect(violations).toEqual([]);
});

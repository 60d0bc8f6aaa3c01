/** A small tree with the repository's layout, to plant faults in. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from './repository.ts';

/** Text of a file by its path in the tree. */
export type Files = Readonly<Record<string, string>>;

/** A tree on disk; disposing of it removes it. */
export interface PlantedTree extends Disposable {
  readonly root: string;
}

const S = 'packages/server/src';

function manifest(name: string, dependencies: readonly string[]): string {
  const versions = Object.fromEntries(dependencies.map((dependency) => [dependency, '1.0.0']));
  return JSON.stringify({ name, version: '1.0.0', type: 'module', exports: './src/index.ts', dependencies: versions });
}

function npmPackage(name: string): Files {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', exports: './index.js' }),
    [`node_modules/${name}/index.js`]: 'export const value = 1;\n',
  };
}

/** A tree that keeps every rule: one module a layer, imported as the picture in ARCHITECTURE.md says. */
export const SOUND_TREE: Files = {
  'package.json': JSON.stringify({ name: 'root', devDependencies: { undeclared: '1.0.0' } }),
  ...npmPackage('typebox'),
  ...npmPackage('fastify'),
  ...npmPackage('undeclared'),
  'packages/contract/package.json': manifest('@volary/contract', ['typebox']),
  'packages/contract/src/index.ts': "export { vm } from './vms.ts';\n",
  'packages/contract/src/vms.ts': "import { value } from 'typebox';\nexport const vm = value;\n",
  'packages/sdk/package.json': manifest('@volary/sdk', []),
  'packages/sdk/src/index.ts': "export { vm } from '@volary/contract';\n",
  'packages/cli/package.json': manifest('@volary/cli', []),
  'packages/cli/src/main.ts': "import '@volary/sdk';\nimport '@volary/contract';\n",
  'packages/server/package.json': manifest('@volary/server', ['fastify']),
  [`${S}/lib/base.ts`]: 'export const base = 1;\n',
  [`${S}/domain/base.ts`]: "export { base } from '../lib/base.ts';\n",
  [`${S}/ports/base.ts`]: "export { base } from '../domain/base.ts';\n",
  [`${S}/ports/base.contract.ts`]: "import 'node:fs';\nimport './base.ts';\n",
  [`${S}/engine/base.ts`]: "export { base } from '../ports/base.ts';\n",
  [`${S}/engine/base.test.ts`]: "import '../adapters/drivers/one/base.ts';\nimport './base.ts';\n",
  [`${S}/adapters/shared/base.ts`]: "export { base } from '../../ports/base.ts';\n",
  [`${S}/adapters/bus/base.ts`]: "export { base } from '../shared/base.ts';\n",
  [`${S}/adapters/drivers/one/base.ts`]: "import 'node:fs';\nexport { base } from '../../shared/base.ts';\n",
  [`${S}/adapters/drivers/shared/base.ts`]: "export { base } from '../../shared/base.ts';\n",
  [`${S}/adapters/drivers/two/base.ts`]: "export { base } from '../shared/base.ts';\n",
  [`${S}/api/v1/base.ts`]:
    "import 'fastify';\nimport '@volary/contract';\nexport { base } from '../../engine/base.ts';\n",
  [`${S}/api/compat/one/base.ts`]: "export { base } from '../../../engine/base.ts';\n",
  [`${S}/api/compat/two/base.ts`]: "export { base } from '../../../engine/base.ts';\n",
  [`${S}/config/base.ts`]: "export { base } from '../domain/base.ts';\n",
  [`${S}/main.ts`]: ['api/v1', 'api/compat/one', 'api/compat/two', 'adapters/drivers/two', 'adapters/bus', 'config']
    .map((folder) => `import './${folder}/base.ts';\n`)
    .join(''),
};

/** Writes `files` into a new temp directory, with the repository's tool configuration and its packages linked by name. */
export function plantTree(files: Files): PlantedTree {
  const root = mkdtempSync(join(tmpdir(), 'volary-test-tree-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  cpSync(join(ROOT, 'tsconfig.json'), join(root, 'tsconfig.json'));
  mkdirSync(join(root, 'node_modules/@volary'), { recursive: true });
  for (const name of ['contract', 'sdk', 'cli', 'server']) {
    symlinkSync(`../../packages/${name}`, join(root, 'node_modules/@volary', name));
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT, readText } from './repository.ts';

/*
 * The lint rules that STYLE.md rests on, each with a fault that it has to see. Several are young and sit in a group that
 * may change with any release of the linter, so their being there is not enough.
 */

const ENGINE = 'packages/server/src/engine/operations';
const API = 'packages/server/src/api';

const faults: readonly (readonly [rule: string, folder: string, text: string])[] = [
  ['style/noDefaultExport', API, 'export default 1;\n'],
  ['style/noEnum', API, 'export enum Colour {\n  Red,\n}\n'],
  ['style/noNamespace', API, 'export namespace A {\n  export const b = 1;\n}\n'],
  ['style/noNonNullAssertion', API, 'export const f = (a: string | null) => a!.length;\n'],
  ['style/noParameterProperties', API, 'export class A {\n  constructor(readonly b: number) {}\n}\n'],
  ['style/useImportType', API, "import { A } from './a.ts';\nexport const b = (a: A): A => a;\n"],
  ['style/useNodejsImportProtocol', API, "import { join } from 'path';\nexport const j = join('a');\n"],
  ['style/useThrowOnlyError', API, "export function f(): never {\n  throw 'text';\n}\n"],
  ['suspicious/noConsole', API, "console.log('x');\n"],
  ['suspicious/noExplicitAny', API, 'export const a: any = 1;\n'],
  ['suspicious/noTsIgnore', API, '// @ts-ignore\nexport const a: number = 1;\n'],
  ['suspicious/noFocusedTests', API, "import { it } from 'vitest';\nit.only('x', () => {});\n"],
  ['suspicious/noSkippedTests', API, "import { it } from 'vitest';\nit.skip('x', () => {});\n"],
  ['nursery/noFloatingPromises', API, 'async function f(): Promise<void> {}\nexport function g(): void {\n  f();\n}\n'],
  ['nursery/noMisusedPromises', API, 'async function f(): Promise<void> {}\nexport const g = () => (f() ? 1 : 2);\n'],
  [
    'nursery/useExhaustiveSwitchCases',
    API,
    "export function f(k: 'a' | 'b'): void {\n  switch (k) {\n    case 'a':\n      return;\n  }\n}\n",
  ],
  ['nursery/noJsRestrictedProperties', ENGINE, 'export const now = Date.now();\n'],
  ['nursery/noJsRestrictedProperties', 'packages/server/src/domain', 'export const chance = Math.random();\n'],
  ['nursery/noJsRestrictedProperties', 'packages/server/src/ports', 'export const s = AbortSignal.timeout(5);\n'],
  ['style/noRestrictedGlobals', ENGINE, 'setTimeout(() => {}, 1);\n'],
  ['style/noRestrictedGlobals', ENGINE, 'export const id = crypto.randomUUID();\n'],
  ['style/noRestrictedGlobals', ENGINE, "export const home = process.env['HOME'];\n"],
  ['style/noRestrictedGlobals', ENGINE, 'export const later = globalThis.setTimeout;\n'],
  ['style/noRestrictedGlobals', ENGINE, 'export const now = () => performance.now();\n'],
];

const planted = faults.map(([rule, folder, text], index) => ({ rule, text, path: `${folder}/fault-${index}.ts` }));

let directory = '';
let found: ReadonlySet<string> = new Set();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-lint-'));
  const config: unknown = JSON.parse(readText('biome.json'));
  // The tree is no checkout.
  write('biome.json', JSON.stringify({ ...(typeof config === 'object' ? config : {}), vcs: { enabled: false } }));
  for (const { path, text } of planted) write(path, text);
  found = await lint();
});

afterAll(() => rmSync(directory, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
}

/** What the linter says of the tree: `path rule`. */
async function lint(): Promise<ReadonlySet<string>> {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const argv = [biome, 'lint', '--max-diagnostics=1000', '--reporter=github', '.'];
  // It ends with 1, since there are faults; what counts is what it says.
  const output = await promisify(execFile)(process.execPath, argv, { cwd: directory }).catch((error: unknown) => error);
  const text = typeof output === 'object' && output !== null && 'stdout' in output ? String(output.stdout) : '';
  return new Set(
    [...text.matchAll(/title=lint\/(?<rule>[\w/]+),file=(?<path>[^,]+),/g)].map(
      ({ groups }) => `${relative(directory, groups?.['path'] ?? '')} ${groups?.['rule']}`,
    ),
  );
}

test.each(planted)('$rule sees the fault of $path', ({ rule, path }) => {
  expect(found).toContain(`${path} ${rule}`);
});

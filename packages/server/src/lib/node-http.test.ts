import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SERVE = new URL('../serve.ts', import.meta.url).href;
const UNDICI = 'NativeModule internal/deps/undici/undici';

/** Whether a program that imports this has loaded what is behind `fetch`. */
async function loadsFetch(specifier: string): Promise<boolean> {
  const program = `await import(${JSON.stringify(specifier)}); process.stdout.write(String(process.moduleLoadList.includes(${JSON.stringify(UNDICI)})))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  return stdout === 'true';
}

test('no module of the server loads what is behind fetch, as a plain import of node:http does', async () => {
  expect(await loadsFetch('node:http')).toBe(true);
  expect(await loadsFetch(SERVE)).toBe(false);
});

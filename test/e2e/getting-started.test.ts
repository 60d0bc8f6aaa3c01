import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';

/* What the guide tells its reader to type is typed, in its order; `# → words` is what the line must print. */

const CHECKOUT = dirname(VOLARY);
const GUIDE = readFileSync(join(CHECKOUT, 'docs/guide/getting-started.md'), 'utf8');
const lines = [...GUIDE.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.trimEnd().split('\n'));

let here: Installation;
beforeAll(() => {
  here = createInstallation('qemu');
});
afterAll(() => here.remove());

describe('the guide', () => {
  it('has something to type', () => {
    expect(lines.length).toBeGreaterThan(10);
  });

  it.each(lines)('%s', async (line) => {
    const [command = '', expected] = line.split(/\s+# → /);
    const { code, stdout, stderr } = await runToEnd(['bash', '-c', command], { env: here.env, cwd: CHECKOUT });

    expect(code, stderr).toBe(0);
    if (expected !== undefined) expect(stdout).toContain(expected);
  });
});

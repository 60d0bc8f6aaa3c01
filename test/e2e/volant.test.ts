import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, type Outcome, runToEnd, VOLARY } from './installation.ts';

/* Volant as its document has it, with real machines. */

const ROOT = dirname(VOLARY);
let here: Installation;
let base: string;

beforeAll(async () => {
  here = createInstallation('qemu', { VOLARY_LISTEN: '127.0.0.1:0,volant=127.0.0.1:0' });
  await here.must(['up', '--detach', '--no-vm']);
  const { faces }: { readonly faces: Readonly<Record<string, string>> } = JSON.parse(
    readFileSync(join(here.dataDir, 'server.json'), 'utf8'),
  );
  base = faces['volant'] ?? '';
});
afterAll(async () => {
  await here.remove();
});

describe('the document of Volant', () => {
  it('is walked through by a script', { timeout: 600_000 }, async () => {
    const walked: Outcome = await runToEnd([join(ROOT, 'examples/volant/walk.sh')], {
      env: { ...here.env, BASE: base, MEMORY: '192' },
    });

    expect(walked).toMatchObject({ code: 0 });
    expect(walked.stdout).toContain('"restart_required": true');
    expect(walked.stdout).toMatch(/"old": 1,\s+"new": 2/);
    expect(walked.stdout).toMatch(/"vcpu": 2,\s+"memory_mb": 192/);
    for (const event of ['created', 'started', 'stopped', 'deleted'])
      expect(walked.stdout).toContain(`event: vm.${event}`);
    expect(await here.must(['ls', '-q'])).toBe('');
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, VOLARY } from './installation.ts';

/* `up` may be ended at any point and run again. */

let here: Installation;
beforeEach(() => {
  here = createInstallation('qemu');
});
afterEach(() => here.remove());

/** What is on stderr when each stage has begun. */
const STAGES = [/Starting the server/, /Starting the VM|Building the guest image/] as const;

describe('up that is ended in the middle', () => {
  it.each(STAGES.flatMap((stage) => (['SIGINT', 'SIGKILL'] as const).map((signal) => [stage, signal] as const)))(
    'at %s by %s goes on from there when it is run again',
    async (stage, signal) => {
      const child = spawn(VOLARY, ['up', '--detach'], { env: here.env, stdio: ['ignore', 'ignore', 'pipe'] });
      const ended = once(child, 'exit');
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += chunk;
        if (stage.test(said)) child.kill(signal);
      });
      await ended;
      const outcome = JSON.parse(await here.must(['up', '--detach', '--json']));

      expect(outcome.vm).toMatchObject({ name: 'first', output: expect.stringMatching(/^Linux first /) });
      expect(await here.must(['ls', '-q'])).toBe('first');
    },
  );
});

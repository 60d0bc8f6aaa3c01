import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { execProgram } from '../exec-program.ts';
import { REPOSITORY_ROOT } from '../paths.ts';
import { ensurePackages } from '../setup/ensure-packages.ts';

/** `volary test`: what the tests need is installed, then all of them run, with real VMs. */
export function configureTest(command: Command, context: Context): void {
  // Options too: it is the tests that know them.
  command.allowUnknownOption().argument('[args...]', 'passed on to the tests');
  command.action(async (args: readonly string[]) => {
    await ensurePackages(context, 'tests');
    const path = [
      dirname(process.execPath),
      join(REPOSITORY_ROOT, 'node_modules/.bin'),
      context.env['PATH'] ?? '',
    ].join(':');
    process.chdir(REPOSITORY_ROOT);
    const tests = join(REPOSITORY_ROOT, 'test/check.ts');
    // What tests run was not called as we were.
    const env = { ...process.env, PATH: path, VOLARY_COMMAND: '' };
    execProgram([process.execPath, tests, '--with-vms', ...args], { env });
  });
}

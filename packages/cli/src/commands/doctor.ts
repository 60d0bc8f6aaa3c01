import type { Command } from 'commander';
import { type Context, printJson } from '../context.ts';
import type { Check, Finding } from '../doctor/check.ts';
import { checkAccelerator } from '../doctor/check-accelerator.ts';
import { checkDirectories } from '../doctor/check-directories.ts';
import { checkDocker } from '../doctor/check-docker.ts';
import { checkNetworks } from '../doctor/check-networks.ts';
import { checkObserving } from '../doctor/check-observing.ts';
import { checkServer } from '../doctor/check-server.ts';
import { checkMemory, checkSystem } from '../doctor/check-system.ts';
import { checkTools } from '../doctor/check-tools.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { styled } from '../output/style.ts';
import { asTyped, cacheDirectory, dataDirectory, programName } from '../paths.ts';
import { ensurePackages } from '../setup/ensure-packages.ts';
import { findMissingTools, findPackageManager, installCommand } from '../setup/find-tools.ts';

const CHECKS: readonly Check[] = [
  checkSystem,
  checkTools,
  checkAccelerator,
  checkDocker,
  checkNetworks,
  checkMemory,
  checkDirectories,
  checkServer,
  checkObserving,
];

/** `volary doctor [--fix]`: what this machine has and lacks, each with the command that mends it. Ends with 1 if VMs cannot run. */
export function configureDoctor(command: Command, context: Context): void {
  command
    .option('--fix', 'install what is missing (Debian and its kin, as root or with sudo)')
    .action(async (options: { fix?: true }) => {
      if (options.fix === true) await ensurePackages(context, 'vms');
      const surroundings = {
        context,
        dataDir: dataDirectory(context.globals.dataDir, context.env),
        cacheDir: cacheDirectory(context.env),
      };
      const findings: Finding[] = [];
      for (const check of CHECKS) findings.push(...(await check(surroundings)));
      const isWell = findings.every((finding) => finding.status !== 'fail');
      const all = await installAll(context);

      if (context.globals.json === true) printJson(context, { ok: isWell, install: all, checks: findings });
      else print(context, findings, all);
      context.endWith(isWell ? EXIT_CODES.ok : EXIT_CODES.error);
    });
}

/** One command for everything that is missing; null if nothing is, or nobody packages all of it. */
async function installAll(context: Context): Promise<string | null> {
  const missing = await findMissingTools('vms', context.env);
  return missing.length === 0 ? null : installCommand(missing, await findPackageManager(context.env));
}

function print({ stdout, env }: Context, findings: readonly Finding[], all: string | null): void {
  const marks = {
    ok: styled(stdout, 'green', 'ok  '),
    warn: styled(stdout, 'yellow', 'warn'),
    fail: styled(stdout, 'red', 'FAIL'),
  };
  const width = Math.max(...findings.map((finding) => finding.title.length));
  for (const { status, title, detail, fix } of findings) {
    stdout.write(`${marks[status]}  ${title.padEnd(width)}  ${detail}\n`);
    if (fix !== null) stdout.write(`${' '.repeat(width + 8)}${styled(stdout, 'cyan', '→')} ${asTyped(fix, env)}\n`);
  }
  if (all !== null)
    stdout.write(
      `\nAll that is missing at once: ${styled(stdout, 'bold', all)}\n(${programName(env)} doctor --fix does it on Debian and its kin.)\n`,
    );
  else if (findings.every((finding) => finding.status !== 'fail')) stdout.write('\nThis machine can run VMs.\n');
}

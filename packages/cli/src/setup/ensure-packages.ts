import { spawnSync } from 'node:child_process';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { stageFor } from '../operations/stage-for.ts';
import type { Elevation } from './apt.ts';
import { findMissingTools, findPackageManager, findProgram, installCommand, packagesFor } from './find-tools.ts';
import type { Tool } from './tools.ts';

/**
 * Sees to it that the tools of the system are there: on Debian and its kin, as root or with sudo, what is missing is
 * installed. Elsewhere throws a `CliError` that names the command to run. Returns the packages that were installed.
 */
export async function ensurePackages(context: Context, neededBy: Tool['neededBy']): Promise<readonly string[]> {
  const missing = await findMissingTools(neededBy, context.env);
  if (missing.length === 0) return [];
  const manager = await findPackageManager(context.env);
  const elevation = manager === 'apt-get' ? await findElevation(context) : null;
  if (elevation === null) {
    throw new CliError(`These are needed and missing: ${listTools(missing)}.`, {
      reason: 'setup.tools_missing',
      hint: installCommand(missing, manager) ?? 'see what brings each: volary doctor',
    });
  }

  const packages = packagesFor(missing, 'apt-get');
  using stage = stageFor(context, `Installing Debian packages (${packages.join(' ')})`);
  const { installDebianPackages } = await import('./apt.ts');
  await installDebianPackages(packages, elevation, (update) => stage?.update(update));
  const left = await findMissingTools(neededBy, context.env);
  if (left.length > 0) {
    stage?.fail();
    throw new CliError(`After the installation these are still missing: ${listTools(left)}.`);
  }
  stage?.succeed('Debian packages installed');
  return packages;
}

/** How we may become root here; null if we may not. sudo asks for its password on the terminal. */
async function findElevation(context: Context): Promise<Elevation | null> {
  if (process.getuid?.() === 0) return [];
  if ((await findProgram('sudo', context.env)) === null) return null;
  const canAsk = context.stdin.isTTY && context.stderr.isTTY;
  const answer = spawnSync('sudo', canAsk ? ['-v'] : ['-n', 'true'], { stdio: canAsk ? 'inherit' : 'ignore' });
  return answer.status === 0 ? ['sudo'] : null;
}

function listTools(tools: readonly Tool[]): string {
  return tools.map((tool) => tool.title ?? tool.probe).join(', ');
}

/**
 * The project's one check. `npm run check` is the fast part; `--with-vms` adds the tests with real virtual machines, and
 * `--coverage` writes what the tests have been through into `coverage/`.
 *
 * All stages run, also after one has failed, so that one run shows everything. A static stage counts as one test. The
 * last line is `N passed, N failed`, and the exit code is 0 only if nothing failed.
 *
 * A test file that failed is run once more by itself, and counts as it ended then; what passed only then is named at the
 * end, since it is a fault of the test or of what it tests, seen only sometimes (ADR 0041).
 */
import { runStage, type Stage } from './run-stage.ts';
import { joinResults, secondLook, unsteadyFiles } from './second-look.ts';
import { addTallies, formatTally } from './tally.ts';

const VITEST = ['node_modules/vitest/vitest.mjs', 'run'];

/** Folders and files that the import rules are about. */
const SOURCES = ['packages', 'guest', 'test', 'bench'];

const FAST: readonly Stage[] = [
  {
    name: 'format and lint',
    argv: ['node_modules/@biomejs/biome/bin/biome', 'check', '--max-diagnostics=50', '.'],
    kind: 'static',
  },
  { name: 'types', argv: ['node_modules/typescript/bin/tsc', '-p', '.'], kind: 'static' },
  {
    name: 'layers',
    argv: [
      'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      ...SOURCES,
    ],
    kind: 'static',
  },
  { name: 'unused code', argv: ['node_modules/knip/bin/knip.js', '--treat-config-hints-as-errors'], kind: 'static' },
  { name: 'unit tests', argv: [...VITEST, '--project', 'unit'], kind: 'tests' },
];

const WITH_VMS: readonly Stage[] = [
  { name: 'tests with real VMs', argv: [...VITEST, '--project', 'vm'], kind: 'tests' },
];

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => arg !== '--with-vms' && arg !== '--coverage');
  if (unknown.length > 0) {
    process.stderr.write(`Unknown: ${unknown.join(' ')}. Usage: node test/check.ts [--with-vms] [--coverage]\n`);
    return 2;
  }
  const asked = args.includes('--with-vms') ? [...FAST, ...WITH_VMS] : FAST;
  const stages = args.includes('--coverage') ? asked.map(withCoverage) : asked;

  const results = [];
  const unsteady: string[] = [];
  for (const stage of stages) {
    const first = await runStage(stage);
    const again = secondLook(first);
    if (again === undefined) {
      results.push(first);
      continue;
    }
    const second = await runStage(again);
    unsteady.push(...unsteadyFiles(first, second));
    results.push(joinResults(first, second));
  }

  process.stdout.write('\n');
  for (const { stage, seconds, isOk } of results) {
    process.stdout.write(`${isOk ? 'ok  ' : 'FAIL'} ${stage.name}  ${seconds.toFixed(1)} s\n`);
  }
  if (unsteady.length > 0) {
    process.stdout.write('\nUnsteady: these failed among all others and passed by themselves. Find out why:\n');
    for (const path of unsteady) process.stdout.write(`     ${path}\n`);
  }
  const total = addTallies(results.map((result) => result.tally));
  process.stdout.write(`\n${formatTally(total)}\n`);
  return results.every((result) => result.isOk) && total.failed === 0 ? 0 : 1;
}

/** Each stage has a folder of its own: what the next one writes does not take its place. */
function withCoverage(stage: Stage): Stage {
  if (stage.kind === 'static') return stage;
  const folder = `coverage/${stage.name.replaceAll(' ', '-')}`;
  return { ...stage, argv: [...stage.argv, '--coverage', `--coverage.reportsDirectory=${folder}`] };
}

process.exitCode = await main(process.argv.slice(2));

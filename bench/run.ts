/**
 * Runs the benchmarks and prints each figure beside what it is measured against. `npm run bench [-- NAME…] [--save]
 * [--rounds N] [--limit N]`; with `--save` the figures go to bench/results/ with the hardware. Exits 1 if a figure is outside its bound.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { authentication } from './authentication.ts';
import { coldBoot } from './cold-boot.ts';
import { density } from './density.ts';
import { deploymentScale } from './deployment-scale.ts';
import { dialectStreams } from './dialect-streams.ts';
import { dialects } from './dialects.ts';
import { eventAppend } from './event-append.ts';
import { eventFanOut } from './event-fan-out.ts';
import { execRoundTrip } from './exec-round-trip.ts';
import { forkMemory } from './fork-memory.ts';
import { forkPause } from './fork-pause.ts';
import { forksAtOnce } from './forks-at-once.ts';
import { idleVmMemory } from './idle-vm-memory.ts';
import { imageImport } from './image-import.ts';
import { type Benchmark, type Effort, type Figure, isWithinBound, type Omitted, ratioOf } from './lib/benchmark.ts';
import { describeHardware } from './lib/hardware.ts';
import { round } from './lib/stats.ts';
import { listVms } from './list-vms.ts';
import { logTraffic } from './log-traffic.ts';
import { login } from './login.ts';
import { logs } from './logs.ts';
import { metricsCost } from './metrics-cost.ts';
import { networkAttach } from './network-attach.ts';
import { nextOutput } from './next-output.ts';
import { ports } from './ports.ts';
import { reconcileCost } from './reconcile-cost.ts';
import { scrape } from './scrape.ts';
import { serverAtRest } from './server-at-rest.ts';
import { serverRestart } from './server-restart.ts';
import { toolsCreate } from './tools-create.ts';
import { warmCreate } from './warm-create.ts';

const BENCHMARKS: readonly Benchmark[] = [
  coldBoot,
  execRoundTrip,
  ports,
  serverAtRest,
  serverRestart,
  listVms,
  dialects,
  dialectStreams,
  authentication,
  login,
  logs,
  logTraffic,
  eventAppend,
  eventFanOut,
  warmCreate,
  toolsCreate,
  forksAtOnce,
  forkPause,
  forkMemory,
  idleVmMemory,
  deploymentScale,
  reconcileCost,
  metricsCost,
  scrape,
  networkAttach,
  nextOutput,
  imageImport,
  density,
];

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { save: { type: 'boolean', default: false }, rounds: { type: 'string' }, limit: { type: 'string' } },
});
const effort: Effort = { rounds: count('rounds', options.rounds), limit: count('limit', options.limit) };
const unknown = wanted.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
if (unknown.length > 0) throw new Error(`there is no benchmark ${unknown.join(', ')}`);
const hardware = describeHardware();
const results: { readonly benchmark: string; readonly figures: readonly (Figure | Omitted)[] }[] = [];

print(
  `${hardware.cpuCount} × ${hardware.cpu}, ${hardware.memoryMib} MiB, ${hardware.distribution}, Linux ${hardware.kernel}, Node ${hardware.node}, ${hardware.qemu}`,
);
for (const benchmark of BENCHMARKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  print(`\n${benchmark.name}: ${benchmark.about}`);
  const figures = await benchmark.run((message) => process.stderr.write(`  … ${message}\n`), effort);
  for (const figure of figures) print(`  ${describe(figure)}`);
  results.push({ benchmark: benchmark.name, figures });
}
if (options.save) save();
const outside = results
  .flatMap(({ figures }) => figures)
  .filter((figure) => 'value' in figure && !isWithinBound(figure));
process.exitCode = outside.length === 0 ? 0 : 1;

function count(option: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new Error(`--${option} takes a number, and not ${text}`);
}

function describe(figure: Figure | Omitted): string {
  if ('omitted' in figure) return `${figure.name}: not measured: ${figure.omitted}`;
  const { name, value, unit, reference, bound } = figure;
  const ratio = ratioOf(figure);
  const against =
    reference === undefined || ratio === null
      ? ''
      : `, ${round(ratio)} × ${reference.name} (${round(reference.value)} ${unit})`;
  const measured = `${name}: ${round(value)} ${unit}${against}`;
  if (bound === undefined) return `     ${measured}`;
  const asked = `${bound.kind} ${bound.value}${bound.of === 'ratio' ? ' ×' : ` ${unit}`}`;
  return `${isWithinBound(figure) ? 'ok  ' : 'MISS'} ${measured}; asked: ${asked}`;
}

function save(): void {
  const directory = new URL('./results/', import.meta.url);
  mkdirSync(directory, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(new URL(`${date}.json`, directory), `${JSON.stringify({ date, hardware, results }, null, 2)}\n`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

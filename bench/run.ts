/**
 * Runs the benchmarks and prints each figure beside what it is measured against. `npm run bench [-- NAME…] [--save]`;
 * with `--save` the figures go to bench/results/ with the hardware. Exits 1 if a figure is outside its bound.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { coldBoot } from './cold-boot.ts';
import { eventAppend } from './event-append.ts';
import { eventFanOut } from './event-fan-out.ts';
import { execRoundTrip } from './exec-round-trip.ts';
import { type Benchmark, type Figure, isWithinBound, type Omitted, ratioOf } from './lib/benchmark.ts';
import { describeHardware } from './lib/hardware.ts';
import { round } from './lib/stats.ts';
import { listVms } from './list-vms.ts';
import { serverAtRest } from './server-at-rest.ts';
import { serverRestart } from './server-restart.ts';

const BENCHMARKS: readonly Benchmark[] = [
  coldBoot,
  execRoundTrip,
  serverAtRest,
  serverRestart,
  listVms,
  eventAppend,
  eventFanOut,
];

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isSaved = process.argv.includes('--save');
const hardware = describeHardware();
const results: { readonly benchmark: string; readonly figures: readonly (Figure | Omitted)[] }[] = [];

print(
  `${hardware.cpuCount} × ${hardware.cpu}, ${hardware.memoryMib} MiB, ${hardware.distribution}, Linux ${hardware.kernel}, Node ${hardware.node}, ${hardware.qemu}`,
);
for (const benchmark of BENCHMARKS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  print(`\n${benchmark.name}: ${benchmark.about}`);
  const figures = await benchmark.run((message) => process.stderr.write(`  … ${message}\n`));
  for (const figure of figures) print(`  ${describe(figure)}`);
  results.push({ benchmark: benchmark.name, figures });
}
if (isSaved) save();
const outside = results
  .flatMap(({ figures }) => figures)
  .filter((figure) => 'value' in figure && !isWithinBound(figure));
process.exitCode = outside.length === 0 ? 0 : 1;

function describe(figure: Figure | Omitted): string {
  if ('omitted' in figure) return `${figure.name}: not measured: ${figure.omitted}`;
  const { name, value, unit, reference, bound } = figure;
  const ratio = ratioOf(figure);
  const against =
    reference === undefined || ratio === null
      ? ''
      : `, ${round(ratio)} × ${reference.name} (${round(reference.value)} ${unit})`;
  const asked = `${bound.kind} ${bound.value}${bound.of === 'ratio' ? ' ×' : ` ${unit}`}`;
  return `${isWithinBound(figure) ? 'ok  ' : 'MISS'} ${name}: ${round(value)} ${unit}${against}; asked: ${asked}`;
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

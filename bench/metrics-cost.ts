import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent } from '../packages/server/src/adapters/guest-links/agent/fixtures/agent-process.fixture.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { startLineChild } from './lib/line-child.ts';
import type { SamplingReport } from './lib/sampling-process.ts';
import { median, round } from './lib/stats.ts';

const VMS = 100;
const REST_MS = 10_000;
const SAMPLE_MS = 30_000;
const ROUNDS = 3;

/** What it costs the server to know what VMs use. */
export const metricsCost: Benchmark = {
  name: 'metrics-cost',
  about: `${VMS} real agents over links of ours, measured as the server does, with the file that it is written into: processor of the process, beside the same at rest, and its memory beside that of another with its links open that measures nothing; medians of ${ROUNDS} turns of ${SAMPLE_MS / 1_000} s`,
  async run(say, { limit, rounds }) {
    const count = limit ?? VMS;
    const directory = mkdtempSync(join(tmpdir(), 'volary-bench-metrics-'));
    await using agents = new AsyncDisposableStack();
    try {
      const sockets: string[] = [];
      for (let number = 0; number < count; number++) {
        const agent = agents.use(await startAgent());
        await (await agent.connect()).destroy();
        sockets.push(agent.socketPath);
      }
      say(`${count} agents`);
      const file = join(directory, 'metrics.db');
      const resting = await measure(0, [`${file}.rest`, ...sockets]);
      const report = await measure(rounds ?? ROUNDS, [file, ...sockets]);
      say(`${report.pointCount} points; at rest ${round(median(report.restCpuPercent))} % of a core`);
      return [
        {
          name: `processor for ${count} VMs`,
          value: median(report.sampleCpuPercent) - median(report.restCpuPercent),
          unit: '% of a core',
          bound: { kind: 'at most', value: 1, of: 'value' },
        },
        {
          name: `memory for ${count} VMs`,
          value: report.residentMib - resting.residentMib,
          unit: 'MiB',
          bound: { kind: 'at most', value: 30, of: 'value' },
        },
      ];
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

async function measure(rounds: number, paths: readonly string[]): Promise<SamplingReport> {
  const times = [REST_MS, SAMPLE_MS, rounds].map(String);
  const child = startLineChild(new URL('./lib/sampling-process.ts', import.meta.url), [...times, ...paths]);
  const report: SamplingReport = JSON.parse(await child.line());
  await child.end();
  return report;
}

/**
 * Asks a server for some paths, one request after the other in each of a few connections, until its input ends. `node api-prober.ts KEY EVERY_MS URL…`;
 * prints a line when the first round has been answered, and in the end a line of JSON: for each URL, how long the answers took.
 */
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './stats.ts';

export interface ProbedPath {
  readonly path: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const [key = '', everyMs = '10', ...urls] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });
const headers = { authorization: `Bearer ${key}` };
const taken = new Map<string, number[]>(urls.map((url) => [url, []]));
let isOver = false;

for (const url of urls) await ask(url);
process.stdout.write('asking\n');
process.stdin.resume().once('end', () => {
  isOver = true;
});
await Promise.all([...taken].map(([url, times]) => askOn(url, times)));
agent.destroy();
const report: readonly ProbedPath[] = [...taken].map(([url, times]) => ({
  path: new URL(url).pathname,
  count: times.length,
  p50Ms: quantile(times, 0.5),
  p99Ms: quantile(times, 0.99),
  maxMs: quantile(times, 1),
}));
process.stdout.write(`${JSON.stringify(report)}\n`);

async function askOn(url: string, times: number[]): Promise<void> {
  while (!isOver) {
    const startedMs = performance.now();
    await ask(url);
    const tookMs = performance.now() - startedMs;
    times.push(tookMs);
    await sleep(Math.max(0, Number(everyMs) - tookMs));
  }
}

/** Resolves when the whole answer is there. */
function ask(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} was answered by ${answer.statusCode}`));
      answer.resume().once('end', resolve).once('error', reject);
    }).once('error', reject);
  });
}

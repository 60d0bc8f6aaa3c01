/**
 * Follows the log of one VM whose lines are moments in nanoseconds, and takes the time from each until it is here. `node log-follower.ts URL KEY VM`;
 * prints a line when the first has come and, each time that it is given a line, what came since the one before as a line of JSON.
 */
import { createInterface } from 'node:readline';
import { createClient } from '@volary/sdk';
import { quantile } from './stats.ts';

export interface FollowReport {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [baseUrl = '', apiKey = '', vm = ''] = process.argv.slice(2);
const ended = new AbortController();
let latenciesMs: number[] = [];

createInterface({ input: process.stdin })
  .on('line', () => {
    const report: FollowReport = {
      count: latenciesMs.length,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
    };
    latenciesMs = [];
    process.stdout.write(`${JSON.stringify(report)}\n`);
  })
  .once('close', () => ended.abort());

let hasBegun = false;
for await (const { message, source } of createClient({ baseUrl, apiKey }).logs.follow({ vm }, ended)) {
  if (source !== 'stdout') continue;
  latenciesMs.push(performance.timeOrigin + performance.now() - Number(message) / 1e6);
  if (!hasBegun) process.stdout.write('following\n');
  hasBegun = true;
}

import type { BenchServer } from './server.ts';
import { median } from './stats.ts';

const PREFIX = 'made';
/** Of each, before what was made is deleted again. */
const A_BATCH = 40;

/** Something that is asked for by a POST; each has a name of its own. */
export interface Change {
  readonly path: string;
  readonly body: (name: string) => object;
}

let names = 0;

/** How long each of two changes takes to be answered, the median, asked for in turns. What they begin goes on beside the next ones. */
export async function timeInTurns(
  server: BenchServer,
  one: Change,
  other: Change,
  batches: number,
): Promise<readonly [number, number]> {
  const took: readonly [number[], number[]] = [[], []];
  for (let batch = 0; batch < batches; batch++) {
    for (let i = 0; i < A_BATCH; i++) {
      // Who comes second finds what the first one has begun: so each is that as often.
      const isFirst = i % 2 === 0;
      if (isFirst) took[0].push(await time(server, one));
      took[1].push(await time(server, other));
      if (!isFirst) took[0].push(await time(server, one));
    }
    await cleanUp(server);
  }
  return [median(took[0]), median(took[1])];
}

async function time({ url, key }: BenchServer, { path, body }: Change): Promise<number> {
  names += 1;
  const startedMs = performance.now();
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body(`${PREFIX}-${names}`)),
  });
  const said = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${said}`);
  return performance.now() - startedMs;
}

/** Waits for the VMs that were made to run, and deletes them, so that the next batch finds what this one has found. */
async function cleanUp({ client }: BenchServer): Promise<void> {
  const { items } = await client.vms.list({ limit: 200 });
  for (const { id, name } of items) {
    if (!name.startsWith(`${PREFIX}-`)) continue;
    await client.vms.wait(id, { phase: 'running' });
    await client.operations.finish((await client.vms.delete(id)).id);
  }
}

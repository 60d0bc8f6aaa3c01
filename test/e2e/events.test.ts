import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Follower, follow, serverFile } from './follow.ts';
import { createInstallation, type Installation } from './installation.ts';

/* The log as those see it who follow it, through the death of the server; with simulated VMs, since it is the server that dies. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('simulated');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

interface Event {
  readonly sequence: number;
  readonly type: string;
}

/** `volary events --follow --json` with these further words. */
const events = (...words: readonly string[]) => follow<Event>(here, 'events', words);
/** Whether there is an event of this type with a sequence above this. */
const has =
  (type: string, after: number) =>
  (seen: readonly Event[]): boolean =>
    seen.some((event) => event.type === type && event.sequence > after);
const lastOf = ({ seen }: Follower<Event>): number => seen.at(-1)?.sequence ?? 0;

describe('following events', () => {
  it('goes on through servers that are killed: each event once, in order, whatever the filter', async () => {
    const all = events('--after', '0');
    const failures = events('--type', 'vm.deleted', '--after', '0');
    const fromNow = events();
    const { port } = new URL(serverFile(here).url);
    await all.until(has('server.started', 0));

    for (let life = 1; life <= 3; life++) {
      const before = lastOf(all);
      await here.must(['create', `bird-${life}`]);
      await all.until(has('operation.succeeded', before));
      // Some die in the middle of a change, which the next one finishes.
      const change = here.volary(['restart', `bird-${life}`, '--no-wait']);
      if (life !== 2) await change;
      process.kill(serverFile(here).pid, 'SIGKILL');
      await change;
      await here.must(['up', '--detach', '--no-vm'], { env: { VOLARY_LISTEN: `127.0.0.1:${port}` } });
    }
    const before = lastOf(all);
    await here.must(['rm', '--force', 'bird-3']);
    for (const one of [all, failures, fromNow]) await one.until(has('vm.deleted', before));
    await all.until(has('operation.succeeded', before));

    const kept: { readonly items: readonly Event[] } = JSON.parse(
      await here.must(['events', '--after', '0', '--json']),
    );
    const last = lastOf(all);
    expect(all.seen.map(({ sequence }) => sequence)).toEqual(Array.from({ length: last }, (_, i) => i + 1));
    expect(all.seen).toEqual(kept.items.slice(0, last));
    expect(failures.seen).toEqual(kept.items.filter(({ type }) => type === 'vm.deleted'));
    const first = fromNow.seen[0]?.sequence ?? 0;
    expect(fromNow.seen).toEqual(kept.items.slice(first - 1, first - 1 + fromNow.seen.length));
    expect(all.seen.filter(({ type }) => type === 'server.started')).toHaveLength(4);
    for (const one of [all, failures, fromNow]) await one.end();
  });

  it('is refused after an event that there is none of', async () => {
    const refused = await here.volary(['events', '--after', '100000', '--follow']);

    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('There is no event 100000');
  });
});

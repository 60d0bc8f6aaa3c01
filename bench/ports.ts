import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { linkTo, startScript } from './lib/agent.ts';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { bootFiles } from './lib/boot-files.ts';
import { type ByteWay, freePort, overHostPorts, overLink, readAll, writeAll } from './lib/byte-way.ts';
import { GUEST_SERVERS, guestServerScripts } from './lib/guest-servers.ts';
import { startByHand } from './lib/hand-written-qemu.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median } from './lib/stats.ts';

const ROUNDS = 8;
const TRANSFER_BYTES = 32 * 1024 * 1024;
const CONNECTS = 5;
const { source, sink, echo } = GUEST_SERVERS;

/** What is measured on each way, milliseconds. */
const TASKS = {
  out: async (way) => {
    await using connection = await way(source);
    await connection.end();
    if ((await readAll(connection)) !== TRANSFER_BYTES) throw new Error('not all of it came out');
  },
  in: async (way) => {
    await using connection = await way(sink);
    await writeAll(connection, TRANSFER_BYTES);
    if ((await readAll(connection)) !== 1) throw new Error('not all of it went in');
  },
  connect: async (way) => {
    for (let i = 0; i < CONNECTS; i++) {
      await using connection = await way(echo);
      await writeAll(connection, 1);
      if ((await readAll(connection)) !== 1) throw new Error('it did not come back');
    }
  },
} as const satisfies Readonly<Record<string, (way: ByteWay) => Promise<void>>>;
type Task = keyof typeof TASKS;

/**
 * Bytes through `volary port-forward`, beside the same over the agent's socket, which is all that leads into a guest without a network; and beside QEMU's
 * `hostfwd`, which leads into one that has its stack.
 */
export const ports: Benchmark = {
  name: 'ports',
  about: `32 MiB out of a guest and into it, and a byte there and back on a connection of its own, through volary port-forward, beside the same over the agent's socket directly and beside QEMU's hostfwd (both into an equal guest, started by hand); ${ROUNDS} rounds in turns, medians`,
  async run(say, { rounds }) {
    await using server = await startServer();
    const { files, accelerator } = await bootFiles(server, say);
    await server.client.operations.finish((await server.client.vms.create({ name: 'bench', memory_mib: 256 })).id);
    const hostPorts = new Map<number, number>();
    for (const port of Object.values(GUEST_SERVERS)) hostPorts.set(port, await freePort());
    const forwards = [...hostPorts].map(([guestPort, hostPort]) => ({ guestPort, hostPort }));
    await using guest = await startByHand(files, accelerator, 256, forwards);
    await using link = await linkTo(guest);
    for (const script of guestServerScripts(TRANSFER_BYTES)) {
      await server.client.executions.detach('bench', { argv: ['sh', '-c', script] });
      await startScript(link, script);
    }
    await using forwarder = await startForwarder(server);
    const ways = { forwarded: forwarder.way, link: overLink(link), hostfwd: overHostPorts(hostPorts) };
    for (const way of Object.values(ways)) await untilServed(way);

    const count = rounds ?? ROUNDS;
    say(`${count} rounds`);
    const figures: Figure[] = [];
    for (const task of ['out', 'in', 'connect'] as const) figures.push(...(await measure(task, ways, count)));
    await server.client.operations.finish((await server.client.vms.delete('bench')).id);
    return figures;
  },
};

type Ways = Readonly<Record<'forwarded' | 'link' | 'hostfwd', ByteWay>>;

async function measure(task: Task, ways: Ways, rounds: number): Promise<readonly Figure[]> {
  const names = ['forwarded', 'link', 'hostfwd'] as const;
  const samples: Readonly<Record<keyof Ways, number[]>> = { forwarded: [], link: [], hostfwd: [] };
  for (let i = -1; i < rounds; i++) {
    for (const name of names) {
      const begun = performance.now();
      await TASKS[task](ways[name]);
      if (i >= 0) samples[name].push(performance.now() - begun);
    }
  }
  const [ours, direct, peer] = names.map((name) => toFigure(task, median(samples[name])));
  const bound = {
    kind: task === 'connect' ? 'at most' : 'at least',
    value: task === 'connect' ? 3 : 0.7,
    of: 'ratio',
  } as const;
  const unit = task === 'connect' ? 'ms' : 'MiB/s';
  const what = { out: '32 MiB out', in: '32 MiB in', connect: 'a connection, a byte and back' }[task];
  return [
    {
      name: `${what}, forwarded`,
      value: ours ?? 0,
      unit,
      reference: { name: "the agent's socket", value: direct ?? 0 },
      bound,
    },
    {
      name: `${what}, forwarded, beside hostfwd`,
      value: ours ?? 0,
      unit,
      reference: { name: "QEMU's hostfwd", value: peer ?? 0 },
    },
  ];
}

/** A rate of bytes, or the time of one connection. */
function toFigure(task: Task, ms: number): number {
  return task === 'connect' ? ms / CONNECTS : TRANSFER_BYTES / 2 ** 20 / (ms / 1000);
}

/** Returns when the guest's servers have begun, whatever the way says until then. */
async function untilServed(way: ByteWay): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const isThere = await TASKS.connect(way).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    await sleep(100);
  }
  throw new Error("the guest's servers do not answer");
}

/** `volary port-forward` as its users run it. */
async function startForwarder({ url, key }: BenchServer): Promise<AsyncDisposable & { readonly way: ByteWay }> {
  const wanted = Object.values(GUEST_SERVERS);
  const main = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [main, '--json', 'port-forward', 'bench', ...wanted.map((port) => `:${port}`)],
    // What fails before the servers have begun is tried again.
    { env: { ...process.env, VOLARY_URL: url, VOLARY_ADMIN_KEY: key }, stdio: ['ignore', 'pipe', 'ignore'] },
  );
  let text = '';
  while (!text.endsWith('\n}\n')) text += String((await once(child.stdout, 'data'))[0]);
  const { forwards }: { readonly forwards: readonly { local_port: number; remote_port: number }[] } = JSON.parse(text);
  const hostPorts = new Map(forwards.map(({ local_port, remote_port }) => [remote_port, local_port]));
  return {
    way: overHostPorts(hostPorts),
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGINT');
      await exited;
    },
  };
}

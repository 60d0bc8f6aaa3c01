import { readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { restoredMemoryOf } from '../../packages/server/src/adapters/drivers/qemu/command-line.ts';
import { readSavedMachine } from '../../packages/server/src/adapters/drivers/qemu/saved/saved-machine.ts';
import { readProcess } from '../../packages/server/src/adapters/shared/process.ts';
import { valueIn } from '../../packages/server/src/adapters/shared/read-facts.ts';
import { bootFiles } from './boot-files.ts';
import type { SavedFiles } from './hand-written-restore.ts';
import { machinesBelow } from './machines-below.ts';
import { cpuTicks } from './process-usage.ts';
import { type BenchServer, startServer } from './server.ts';

const TEMPLATE_MS = 120_000;
const SPARE_MS = 30_000;
const LOOK_MS = 200;

/** A server whose VMs begin warm, with a pool of so many spares; `env` is added to its environment. */
export async function startWarmServer({
  poolCount,
  env = {},
}: {
  readonly poolCount: number;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<BenchServer> {
  const warm = { VOLARY_WARM_TEMPLATES: 'on', VOLARY_WARM_POOL_COUNT: String(poolCount) };
  return await startServer([], undefined, { ...warm, ...env });
}

/** Makes VMs until one of them begins warm, and answers what that one began from. Throws if that does not come about. */
export async function warmTemplate(
  server: BenchServer,
  { memoryMib, say }: { readonly memoryMib: number; readonly say: (message: string) => void },
): Promise<SavedFiles> {
  const { files } = await bootFiles(server, say);
  say('waiting for a warm template');
  const endsAt = performance.now() + TEMPLATE_MS;
  while (performance.now() < endsAt) {
    await using vm = await createVm(server, 'first', memoryMib);
    const saved = await savedOf(vm.pid);
    if (saved !== null) return { saved, rootPath: files.rootPath };
    await sleep(LOOK_MS);
  }
  throw new Error('no VM began from a warm template');
}

/** A VM that runs; disposing deletes it. */
export async function createVm(
  { client }: BenchServer,
  name: string,
  memoryMib: number,
): Promise<AsyncDisposable & { readonly pid: number }> {
  await client.operations.finish((await client.vms.create({ name, memory_mib: memoryMib })).id);
  const { pid } = await client.vms.get(name);
  if (pid === null) throw new Error('a VM that runs has no process');
  return {
    pid,
    async [Symbol.asyncDispose]() {
      await client.operations.finish((await client.vms.delete(name)).id);
    },
  };
}

/** Waits until a spare of this server's pool is there and has come to rest. Only while the server has no VM. */
export async function awaitSpare({ dataDir }: BenchServer): Promise<void> {
  const endsAt = performance.now() + SPARE_MS;
  let before = new Map<number, number>();
  while (performance.now() < endsAt) {
    const now = new Map(machinesBelow(dataDir).map((pid) => [pid, ticksOf(pid)]));
    if (now.size > 0 && [...now].every(([pid, ticks]) => before.get(pid) === ticks)) return;
    before = now;
    await sleep(LOOK_MS);
  }
  throw new Error('the pool has no spare');
}

/** The saved machine whose memory this VMM maps; null: it has booted. */
async function savedOf(pid: number): Promise<SavedFiles['saved'] | null> {
  const descriptor = restoredMemoryOf(readProcess(pid)?.commandLine ?? []);
  if (descriptor === null) return null;
  const path = readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  return valueIn(await readSavedMachine(dirname(path)));
}

function ticksOf(pid: number): number {
  try {
    return cpuTicks(pid);
  } catch {
    return -1;
  }
}

import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Benchmark } from './lib/benchmark.ts';
import { residentMib } from './lib/process-usage.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median } from './lib/stats.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;
const ROUNDS = 5;
const SAMPLE_MS = 20;

/** How fast a disk image becomes an image, verified and looked at, and what that takes of the server's memory. */
export const imageImport: Benchmark = {
  name: 'image-import',
  about: `a qcow2 with 1 GiB of data in it imported from a path, until the operation has succeeded and all is on the disk, beside \`qemu-img convert\` of the same file, which leaves it to the page cache; medians of ${ROUNDS} taken in turns`,
  async run(say) {
    const directory = mkdtempSync(join(tmpdir(), 'volary-bench-'));
    try {
      say('making a disk of 1 GiB');
      const path = join(directory, 'disk.qcow2');
      const sha256 = makeDisk(directory, path);
      await using server = await startServer([], async () => undefined, { VOLARY_IMAGE_FOLDERS: directory });
      const [imports, conversions, growths]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < ROUNDS; round++) {
        say(`round ${round + 1} of ${ROUNDS}`);
        conversions.push(convert(path, join(directory, 'converted.raw')));
        const { tookMs, grewMib } = await importOnce(server, { path, sha256 });
        imports.push(tookMs);
        growths.push(grewMib);
      }
      const [imported, alone] = [median(imports), median(conversions)];
      const speed = { name: 'speed', value: GIB / MIB / (imported / 1000), unit: 'MiB/s' } as const;
      const reference = { name: 'qemu-img convert', value: GIB / MIB / (alone / 1000) };
      return [
        { ...speed, reference, bound: { kind: 'at least', value: 0.8, of: 'ratio' } },
        {
          ...{ name: 'memory of the server, above what it had', value: Math.max(...growths), unit: 'MiB' },
          bound: { kind: 'at most', value: 64, of: 'value' },
        },
      ];
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

/** A disk that is full of what nobody can compress. Returns its sha256. */
function makeDisk(directory: string, path: string): string {
  const raw = join(directory, 'disk.raw');
  const file = openSync(raw, 'w');
  for (let at = 0; at < GIB; at += 16 * MIB) writeSync(file, randomBytes(16 * MIB));
  closeSync(file);
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, path]);
  rmSync(raw);
  // Read once, so that neither of both has to read it from the disk.
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

function convert(from: string, to: string): number {
  const startedMs = performance.now();
  execFileSync('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', from, to]);
  const tookMs = performance.now() - startedMs;
  rmSync(to);
  return tookMs;
}

async function importOnce(
  { client, pid }: BenchServer,
  disk: { readonly path: string; readonly sha256: string },
): Promise<{ readonly tookMs: number; readonly grewMib: number }> {
  const before = residentMib(pid);
  let most = before;
  const sampling = setInterval(() => {
    most = Math.max(most, residentMib(pid));
  }, SAMPLE_MS);
  const name = `bench-${process.pid}`;
  try {
    const startedMs = performance.now();
    const { id } = await client.images.define({ name, disk: { ...disk, format: 'qcow2' } });
    await client.operations.finish(id);
    const tookMs = performance.now() - startedMs;
    await client.images.remove(name);
    return { tookMs, grewMib: most - before };
  } finally {
    clearInterval(sampling);
  }
}

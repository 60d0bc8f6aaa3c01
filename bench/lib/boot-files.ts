import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { BootFiles } from './hand-written-qemu.ts';
import type { BenchServer } from './server.ts';

/** The files that the server's guests boot from (built first where they are not there), and what executes them. */
export async function bootFiles(
  { client }: BenchServer,
  say: (message: string) => void,
): Promise<{ readonly files: BootFiles; readonly accelerator: 'kvm' | 'tcg' }> {
  say('making sure that the image is built');
  await client.operations.finish((await client.images.build('base')).id);
  const { items } = await client.images.list();
  const digest = items.find(({ name }) => name === 'base')?.current?.digest;
  const hosts = await client.hosts.list();
  const kind = hosts.items[0]?.accelerator.kind;
  if (digest === undefined || kind === undefined || kind === 'none')
    throw new Error('there is no image, or nothing that runs it');
  const cacheDir = process.env['VOLARY_CACHE_DIR'] ?? join(homedir(), '.cache/volary');
  const directory = join(cacheDir, 'images', `base-${digest.slice(0, 12)}`);
  readFileSync(join(directory, 'manifest.json'));
  return {
    files: {
      kernelPath: join(directory, 'kernel'),
      initramfsPath: join(directory, 'initramfs'),
      rootPath: join(directory, 'root.raw'),
    },
    accelerator: kind,
  };
}

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rootTar } from './root-tar.ts';

const options = { mostBytes: 64 * 1024 ** 2, signal: new AbortController().signal };
const UNREADABLE = { code: 'failed_precondition', reason: 'driver.unreadable_root' };
const LONG_NAME = `${'d'.repeat(90)}/${'f'.repeat(90)}`;

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-root-tar-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A file system with one of each kind, made by the tool that makes our images. */
function makeDisk(): string {
  const tree = join(directory, 'tree');
  for (const path of ['etc', 'usr/lib/modules/6.1', 'many', join('deep', 'd'.repeat(90))])
    mkdirSync(join(tree, path), { recursive: true });
  writeFileSync(join(tree, 'etc/hostname'), 'bird\n');
  writeFileSync(join(tree, 'large'), Buffer.alloc(3 * 1024 ** 2 + 7, 'volary'));
  writeFileSync(join(tree, 'usr/lib/modules/6.1/a.ko'), 'not of any use');
  writeFileSync(join(tree, 'deep', LONG_NAME), 'far\n');
  writeFileSync(join(tree, 'set-uid'), '');
  chmodSync(join(tree, 'set-uid'), 0o4755);
  linkSync(join(tree, 'large'), join(tree, 'large-again'));
  symlinkSync('etc/hostname', join(tree, 'short-link'));
  symlinkSync('x'.repeat(200), join(tree, 'long-link'));
  writeFileSync(join(tree, 'sparse'), 'begin');
  truncateSync(join(tree, 'sparse'), 1024 ** 2);
  for (let i = 0; i < 400; i++) writeFileSync(join(tree, 'many', `file-${i}`), `${i}\n`);
  const disk = join(directory, 'root.raw');
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-d', tree, disk, '48M']);
  return disk;
}

async function collect(path: string, bound = options): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of rootTar(path, bound)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('the root of an image as an archive', () => {
  it('unpacks to the same files, without what only a machine needs', async () => {
    const disk = makeDisk();
    const archive = join(directory, 'root.tar');
    await writeFile(archive, await collect(disk));
    const out = join(directory, 'out');
    mkdirSync(out);

    execFileSync('tar', ['-xpf', archive, '-C', out]);

    rmSync(join(directory, 'tree/usr/lib/modules'), { recursive: true });
    const difference = spawnSync('diff', ['-r', '--no-dereference', join(directory, 'tree'), out]);
    expect(difference.stdout.toString()).toBe('');
    expect(difference.status).toBe(0);
    const stat = (path: string) =>
      execFileSync('stat', ['-c', '%a %h %u %F', join(out, path)])
        .toString()
        .trim();
    expect(stat('set-uid')).toBe('4755 1 0 regular empty file');
    expect(stat('large')).toBe('644 2 0 regular file');
  });

  it('is broken off by its signal', async () => {
    const signal = AbortSignal.abort(new Error('enough'));

    await expect(collect(makeDisk(), { ...options, signal })).rejects.toThrow('enough');
  });

  it('is not of a disk whose files say that they are larger than it', async () => {
    await expect(collect(makeDisk(), { ...options, mostBytes: 1024 ** 2 })).rejects.toMatchObject(UNREADABLE);
  });

  it('is not of something else, of less than a file system, or of one with a journal to be read first', async () => {
    const path = join(directory, 'other.raw');
    await writeFile(path, Buffer.alloc(4_096));
    await expect(collect(path)).rejects.toMatchObject(UNREADABLE);
    await writeFile(path, 'short');
    await expect(collect(path)).rejects.toMatchObject(UNREADABLE);
    const whole = await readFile(makeDisk());
    await writeFile(path, whole.subarray(0, 2_048));
    await expect(collect(path)).rejects.toMatchObject(UNREADABLE);
    // "Needs recovery".
    whole.writeUInt32LE(whole.readUInt32LE(1_024 + 0x60) | 0x4, 1_024 + 0x60);
    await writeFile(path, whole);
    await expect(collect(path)).rejects.toMatchObject(UNREADABLE);
  });

  it('comes to an end, and says nothing but that, whatever bytes are on the disk', async () => {
    const whole = await readFile(makeDisk());
    const path = join(directory, 'damaged.raw');
    // The same places for each run: what it found once it finds again.
    for (let round = 0; round < 16; round++) {
      const damaged = Buffer.from(whole);
      for (let i = 0; i < 200; i++)
        damaged[1_024 + ((round * 7_919 + i * 104_729) % (8 * 1024 ** 2))] = (round * 31 + i) % 256;
      await writeFile(path, damaged);
      const outcome = await collect(path).then(
        () => 'read',
        (error: { readonly reason?: string }) => error.reason ?? String(error),
      );
      expect(['read', 'driver.unreadable_root']).toContain(outcome);
    }
  });
});

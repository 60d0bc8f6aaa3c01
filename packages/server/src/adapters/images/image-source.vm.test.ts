import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { DirectImage, Image } from '../../domain/image/image.ts';
import type { BuildProgress, ImageSource } from '../../ports/image-source.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { createImageSource } from './image-source.ts';

const GUEST = fileURLToPath(new URL('../../../../../guest', import.meta.url));
const BUILDER = fileURLToPath(new URL('./build-image.fixture.ts', import.meta.url));
const log = createPinoLog({ level: 'error' });
const silently = { signal: new AbortController().signal, onProgress: () => undefined };
let cacheDir: string;
let guestPath: string;

beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'volary-test-images-'));
  guestPath = mkdtempSync(join(tmpdir(), 'volary-test-guest-'));
  cpSync(GUEST, guestPath, { recursive: true });
});
afterEach(() => {
  rmSync(cacheDir, { recursive: true });
  rmSync(guestPath, { recursive: true });
});

/** A source whose recipe is the base one with something changed. */
async function sourceWith(change: object): Promise<ImageSource> {
  const path = join(guestPath, 'image/base/recipe.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...change }));
  return await createImageSource({ cacheDir, guestPath, log });
}

function leftovers(): readonly string[] {
  return ['images', 'roots'].flatMap((name) =>
    existsSync(join(cacheDir, name)) ? readdirSync(join(cacheDir, name)) : [],
  );
}

/** Where e2fsprogs is, also for who is not root. */
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** What debugfs answers about the root disk. */
function inspect(image: Image, request: string): string {
  return execFileSync('debugfs', ['-R', request, image.rootPath], { encoding: 'utf8', env, stdio: 'pipe' });
}

/** The host's own package lists, which a build has no business with. */
function hostLists(): readonly string[] {
  return existsSync('/var/lib/apt/lists') ? readdirSync('/var/lib/apt/lists').toSorted() : [];
}

describe('building the base image', () => {
  it('makes one image for all who ask, says how far it is, and builds only the changed part again', async () => {
    const source = await sourceWith({});
    const progress: BuildProgress[] = [];
    const before = hostLists();

    const [made, same] = await Promise.all([
      source.ensure('base', { ...silently, onProgress: (step) => progress.push(step) }),
      source.ensure('base', silently),
    ]);

    const image = direct(made);
    expect(same).toEqual(image);
    expect(await source.find('base')).toEqual(image);
    expect(hostLists()).toEqual(before);
    expectFiles(image);
    expectDebian(image);
    await expectStartsAndGrows(image);
    const fractions = progress.map(({ fraction }) => fraction ?? 0);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(new Set(progress.map(({ step }) => step)).size).toBeGreaterThanOrEqual(3);
    // A comment in the agent changes what the image is made from, but not what it is.
    writeFileSync(join(guestPath, 'agent/src/main.c'), '/* nothing */\n', { flag: 'a' });
    expect(await source.find('base')).toBeNull();
    expect(await source.ensure('base', silently)).toEqual(image);
    expect(await source.find('base')).toEqual(image);
    // Another agent needs another initramfs, and nothing else.
    const makefile = readFileSync(join(guestPath, 'agent/Makefile'), 'utf8');
    writeFileSync(join(guestPath, 'agent/Makefile'), makefile.replace(/^VERSION := .*$/m, 'VERSION := 9.9.9'));
    const rebuilt = direct(await source.ensure('base', silently));
    expect(rebuilt.digest).not.toBe(image.digest);
    expect(statSync(rebuilt.rootPath).ino).toBe(statSync(image.rootPath).ino);
    expect(await source.list()).toEqual([rebuilt, image]);
    // A file that is not as long as it was written: no image.
    writeFileSync(rebuilt.initramfsPath, 'cut');
    expect(await source.list()).toEqual([image]);
    expect(await source.ensure('base', silently)).toMatchObject({ digest: rebuilt.digest });
    // Removing the one leaves the other; removing both leaves nothing.
    expect(await source.remove(image.digest)).toBe(true);
    expect(await source.find('base')).toMatchObject({ digest: rebuilt.digest });
    expect(await source.remove(rebuilt.digest)).toBe(true);
    expect(await source.remove(rebuilt.digest)).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  it('shows the words of apt when a package does not exist, and leaves nothing half-made', async () => {
    const source = await sourceWith({ packages: ['no-such-package-anywhere'] });

    const error = await source.ensure('base', silently).catch((caught: unknown) => caught);

    expect(error).toBeInstanceOf(VolaryError);
    expect(error).toMatchObject({ code: 'failed_precondition', reason: 'image.build_failed' });
    expect(String(error)).toContain('E: Unable to locate package no-such-package-anywhere');
    expect(String(error)).not.toContain(cacheDir);
    expect(leftovers()).toEqual([]);
  });

  it('stops when nobody waits any more, leaves nothing half-made, and can be asked again at once', async () => {
    const source = await sourceWith({});
    const impatient = new AbortController();
    const other = new AbortController();

    const building = source.ensure('base', {
      signal: impatient.signal,
      onProgress: ({ message }) => {
        if (message.includes('downloading')) impatient.abort(new Error('no patience'));
      },
    });
    await expect(building).rejects.toThrow('no patience');

    expect(leftovers()).toEqual([]);
    expect(builders()).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(cacheDir);
    const again = source.ensure('base', { signal: other.signal, onProgress: () => other.abort(new Error('enough')) });
    await expect(again).rejects.toThrow('enough');
  });

  it('leaves no process and no mount when it is killed, and the next build throws away the rest', async () => {
    await sourceWith({});
    const builder = spawn(process.execPath, [BUILDER, cacheDir, guestPath], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: builder.stdout })) {
      if (line === 'installing the base system') break;
    }
    expect(builders()).not.toEqual([]);

    builder.kill('SIGKILL');
    await once(builder, 'close');

    await vi.waitFor(() => expect(builders()).toEqual([]), { timeout: 20_000 });
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(cacheDir);
    const source = await sourceWith({ packages: ['no-such-package-anywhere'] });
    expect(await source.list()).toEqual([]);
    expect(leftovers()).not.toEqual([]);
    await expect(source.ensure('base', silently)).rejects.toMatchObject({ reason: 'image.build_failed' });
    expect(leftovers()).toEqual([]);
  });

  it('knows only the images that have a recipe', async () => {
    const source = await sourceWith({});

    expect(source.builtIns()).toEqual(['base']);
    await expect(source.ensure('nonsense', silently)).rejects.toMatchObject({ reason: 'image.unknown' });
  });
});

function direct(image: Image): DirectImage {
  if (image.boot !== 'direct') throw new Error('it starts by firmware');
  return image;
}

/** Processes of mmdebstrap that build into this test's cache: they have its directory open. */
function builders(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/fd/3`).startsWith(cacheDir);
    } catch {
      // It has no such descriptor, or has ended in this moment.
      return false;
    }
  });
}

/** A kernel that starts directly, and an initramfs with the agent and the modules, each after those it needs. */
function expectFiles(image: DirectImage): void {
  expect(statSync(image.rootPath).mode & 0o777).toBe(0o644);
  expect(readFileSync(image.kernelPath).subarray(0, 4).toString('latin1')).toBe('\x7fELF');
  const initramfs = readFileSync(image.initramfsPath);
  const names = execFileSync('cpio', ['-it', '--quiet'], { input: initramfs, encoding: 'utf8' }).trim().split('\n');
  expect(names).toContain('init');
  expect(names.slice(names.indexOf('modules/order') + 1)).toEqual(
    [
      ...['virtio_ring', 'virtio', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_pci', 'virtio_console'],
      ...['virtio_blk', 'failover', 'net_failover', 'virtio_net', 'virtio-rng', 'pvpanic', 'pvpanic-pci', 'squashfs'],
    ].map((name) => `modules/${name}.ko`),
  );
}

/** A Debian as its users expect it, with nothing in it of how it was built. */
function expectDebian(image: DirectImage): void {
  expect(() => execFileSync('e2fsck', ['-fn', image.rootPath], { env, stdio: 'ignore' })).not.toThrow();
  expect(inspect(image, 'show_super_stats -h')).toContain('volary-root');
  expect(inspect(image, 'cat /usr/lib/os-release')).toContain('VERSION_CODENAME=bookworm');
  expect(inspect(image, 'stat /usr/bin/git')).toContain('Type: regular');
  expect(inspect(image, 'cat /etc/machine-id')).toBe('');
  expect(inspect(image, `ls /usr/lib/modules/${image.kernelVersion}`)).toContain('modules.dep');
  expect(inspect(image, 'ls -p /usr/sbin')).not.toMatch(/policy-rc\.d|start-stop-daemon\.REAL/);
  expect(inspect(image, 'ls -p /etc/apt/apt.conf.d')).not.toContain('mmdebstrap');
  expect(inspect(image, 'ls -p /var/lib/apt/lists')).not.toContain('Packages');
}

/** QEMU starts the kernel directly, and the agent in it finds its root disk and makes the file system as large as that. */
async function expectStartsAndGrows(image: DirectImage): Promise<void> {
  const disk = join(cacheDir, 'disk.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', image.rootPath, '-F', 'raw', disk, '8G']);
  const machine = spawn(
    'qemu-system-x86_64',
    [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-accel', 'tcg', '-m', '256'],
      ...['-kernel', image.kernelPath, '-initrd', image.initramfsPath, '-append', 'console=ttyS0 loglevel=7'],
      ...['-drive', `if=none,id=disk,format=qcow2,file=${disk}`, '-device', 'virtio-blk-pci,drive=disk'],
      ...['-device', 'virtio-serial-pci', '-serial', 'stdio'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000, killSignal: 'SIGKILL' },
  );
  const console: string[] = [];
  try {
    for await (const line of createInterface({ input: machine.stdout })) {
      console.push(line);
      if (/resized filesystem|cannot be grown|panic/.test(line)) break;
    }
    expect(console.join('\n')).toContain(`resized filesystem to ${(8 * 1024 ** 3) / 4_096}`);
  } finally {
    machine.kill('SIGKILL');
    await once(machine, 'close');
    rmSync(disk);
  }
}

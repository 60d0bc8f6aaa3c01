import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DirectDiskDefinition, DiskDefinition, DiskFormat } from '../../../domain/image/definition.ts';
import type { Image } from '../../../domain/image/image.ts';
import { parseAllowedTargets } from '../../../domain/net/target.ts';
import type { BuildProgress, ImageSource } from '../../../ports/image-source.ts';
import { createFetcher } from '../../shared/fetch/fetcher.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createImageSource } from '../image-source.ts';
import { type FolderServer, serveFolder, sha256Of } from './folder-server.fixture.ts';

const GUEST = fileURLToPath(new URL('../../../../../../guest', import.meta.url));
const MIB = 1024 * 1024;
const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

let directory: string;
let cacheDir: string;
let folder: string;
let source: ImageSource;
let server: FolderServer;

beforeEach(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'volary-test-import-')));
  cacheDir = join(directory, 'cache');
  folder = join(directory, 'imports');
  mkdirSync(folder);
  source = await sourceIn(cacheDir);
  server = await serveFolder(folder);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function sourceIn(cache: string, maxBytes = 64 * 1024 * MIB): Promise<ImageSource> {
  const fetcher = createFetcher({ allowedTargets: parseAllowedTargets(''), version: '1', retryMs: 1 });
  const imports = { definitionOf: async () => null, fetcher, folders: [folder], maxBytes };
  return createImageSource({ cacheDir: cache, guestPath: GUEST, log, imports });
}

function qemuImg(...args: readonly string[]): void {
  execFileSync('qemu-img', args, { cwd: folder, stdio: 'pipe' });
}

/** A raw file of some MiB with something at its beginning and its end. */
function makeRaw(name: string, mib = 4): string {
  const path = join(folder, name);
  const content = Buffer.alloc(mib * MIB);
  content.write('begins', 1_000);
  content.write('ends', content.length - 600);
  writeFileSync(path, content);
  return path;
}

function makeQcow2(name: string): string {
  makeRaw(`${name}.raw`);
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', `${name}.raw`, name);
  return join(folder, name);
}

/** A file of the folder as the disk of a whole system. */
function definitionOf(
  name: string,
  change: { readonly format?: DiskFormat; readonly location?: string } = {},
): DiskDefinition {
  const { format = 'qcow2', location = join(folder, name) } = change;
  return {
    ...{ kind: 'disk', description: '', format, isLocalAllowed: true, boot: 'firmware', firmware: 'bios' },
    source: { location, sha256: sha256Of(join(folder, name)) },
  };
}

async function make(definition: DiskDefinition, name = 'web', signal = new AbortController().signal): Promise<Image> {
  return await source.ensure(name, { signal, onProgress: () => undefined, definition });
}

/** What lies in the cache, but for the locks. */
function leftovers(): readonly string[] {
  const below = (name: string): readonly string[] =>
    existsSync(join(cacheDir, name)) ? readdirSync(join(cacheDir, name)) : [];
  return [...below('images'), ...below('roots'), ...below('downloads').filter((name) => name !== 'locks')];
}

describe('a disk image', () => {
  it('becomes a raw, sparse disk, from the network or from the host, and is that for as long as it is defined so', async () => {
    makeQcow2('disk.qcow2');
    const told: BuildProgress[] = [];
    const definition = definitionOf('disk.qcow2', { location: server.urlOf('disk.qcow2') });
    const options = { signal: new AbortController().signal, onProgress: (each: BuildProgress) => told.push(each) };

    const image = await source.ensure('web', { ...options, definition });

    expect(image).toMatchObject({ name: 'web', boot: 'firmware', firmware: 'bios', rootBytes: 4 * MIB });
    expect(readFileSync(image.rootPath)).toEqual(readFileSync(join(folder, 'disk.qcow2.raw')));
    expect(image.sizeBytes).toBeLessThan(MIB);
    expect(statSync(image.rootPath).mode & 0o777).toBe(0o644);
    expect(leftovers()).toHaveLength(1);
    const fractions = told.map(({ fraction }) => fraction ?? 0);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(new Set(told.map(({ step }) => step))).toEqual(new Set(['download', 'convert']));
    expect(await source.list()).toEqual([image]);
    expect(await make(definition)).toEqual(image);
    expect(server.requests).toEqual(['/disk.qcow2']);
    expect((await make(definitionOf('disk.qcow2'), 'other')).digest).not.toBe(image.digest);
  });

  it('is taken as it is when it is raw', async () => {
    makeRaw('disk.raw');

    const { rootPath, rootBytes, sizeBytes } = await make(definitionOf('disk.raw', { format: 'raw' }));

    expect(readFileSync(rootPath)).toEqual(readFileSync(join(folder, 'disk.raw')));
    expect([rootBytes, sizeBytes < MIB]).toEqual([4 * MIB, true]);
  });

  it('is fetched once for all who ask, under whatever names, and lies on the disk once', async () => {
    makeQcow2('disk.qcow2');
    const definition = definitionOf('disk.qcow2', { location: server.urlOf('disk.qcow2') });

    const [one, same, other] = await Promise.all([make(definition), make(definition), make(definition, 'other')]);

    expect(server.requests).toEqual(['/disk.qcow2']);
    expect(same).toEqual(one);
    expect(other.digest).not.toBe(one.digest);
    expect(statSync(other.rootPath).ino).toBe(statSync(one.rootPath).ino);
    expect(await source.remove(one.digest)).toBe(true);
    expect(readFileSync(other.rootPath).length).toBe(4 * MIB);
  });

  it('is gone on with by whoever comes after one that broke off', async () => {
    makeRaw('disk.raw');
    const definition = definitionOf('disk.raw', { format: 'raw', location: server.urlOf('disk.raw') });
    server.breakAfter = 0;
    const gone = new AbortController();
    const first = source.ensure('web', {
      ...{ definition, signal: gone.signal },
      onProgress: ({ fraction }) => void ((fraction ?? 0) > 0.1 && gone.abort(new Error('enough'))),
    });
    server.breakAfter = 2 * MIB;
    await expect(first).rejects.toThrow();
    expect(leftovers()).toEqual([expect.stringMatching(/\.part$/)]);
    server.breakAfter = Number.POSITIVE_INFINITY;
    server.requests = [];

    expect((await make(definition)).rootBytes).toBe(4 * MIB);
    expect(server.requests[0]).toMatch(/^\/disk\.raw bytes=[1-9]\d*-$/);
    expect(leftovers()).toHaveLength(1);
  });

  it('that only its owner may read is taken all the same', async () => {
    chmodSync(makeQcow2('disk.qcow2'), 0o600);

    expect((await make(definitionOf('disk.qcow2'))).rootBytes).toBe(4 * MIB);
    expect(leftovers()).toHaveLength(1);
  });

  it('that is one ext4 is started by the kernel that it names, with the agent or what it names besides', async () => {
    truncateSync(makeRaw('root.raw'), 16 * MIB);
    execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', join(folder, 'root.raw')], { env, stdio: 'pipe' });
    const kernel = Buffer.alloc(8_192);
    kernel.write('HdrS', 0x202, 'latin1');
    kernel.writeUInt16LE(0x1000, 0x20e);
    kernel.write('6.9.1-own (me) #1', 0x1200, 'latin1');
    writeFileSync(join(folder, 'vmlinuz'), kernel);
    writeFileSync(join(folder, 'initrd'), 'theirs');
    const file = (name: string) => ({ location: join(folder, name), sha256: sha256Of(join(folder, name)) });
    const { boot: _, firmware: __, ...disk } = { firmware: null, ...definitionOf('root.raw', { format: 'raw' }) };
    const direct: DirectDiskDefinition = {
      ...disk,
      boot: 'direct',
      kernel: file('vmlinuz'),
      initramfs: file('initrd'),
    };

    const theirs = await make(direct);
    const ours = await make({ ...direct, initramfs: null }, 'ours');

    if (theirs.boot !== 'direct' || ours.boot !== 'direct') throw new Error('they have kernels');
    expect(theirs.kernelVersion).toBe('6.9.1-own');
    expect(readFileSync(theirs.kernelPath)).toEqual(kernel);
    expect(readFileSync(theirs.initramfsPath, 'utf8')).toBe('theirs');
    expect(readFileSync(ours.initramfsPath).subarray(0, 6).toString()).toBe('070701');
    expect(statSync(ours.rootPath).ino).toBe(statSync(theirs.rootPath).ino);
    const wrong = { ...direct, kernel: file('initrd') };
    await expect(make(wrong)).rejects.toMatchObject({ reason: 'image.bad_kernel' });
    makeRaw('no-root.raw');
    const { source: noRoot } = definitionOf('no-root.raw', { format: 'raw' });
    await expect(make({ ...direct, source: noRoot })).rejects.toMatchObject({ reason: 'image.no_file_system' });
  });
});

describe('what is refused leaves nothing', () => {
  const HOSTILE: readonly (readonly [what: string, reason: string, prepare: () => void, format?: DiskFormat])[] = [
    [
      'a backing file',
      'image.backing_file',
      () => {
        makeRaw('below.raw');
        qemuImg('create', '-q', '-f', 'qcow2', '-b', 'below.raw', '-F', 'raw', 'disk');
      },
    ],
    [
      'a backing file that is a secret of the host',
      'image.backing_file',
      () => qemuImg('create', '-q', '-u', '-f', 'qcow2', '-b', '/etc/shadow', '-F', 'raw', 'disk', '1M'),
    ],
    [
      'an external data file',
      'image.external_data',
      () => qemuImg('create', '-q', '-f', 'qcow2', '-o', 'data_file=data.raw', 'disk', '1M'),
    ],
    [
      'an encrypted one',
      'image.encrypted',
      () => {
        const path = makeQcow2('disk');
        const content = readFileSync(path);
        // LUKS, in the header's field for that.
        content.writeUInt32BE(2, 32);
        writeFileSync(path, content);
      },
    ],
    [
      'an absurd virtual size',
      'image.too_large',
      () => qemuImg('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=2M', 'disk', '1P'),
    ],
    ['a raw one that is said to be qcow2', 'image.other_format', () => void makeRaw('disk')],
    ['a qcow2 that is said to be raw', 'image.other_format', () => void makeQcow2('disk'), 'raw'],
    ['one byte', 'image.other_format', () => writeFileSync(join(folder, 'disk'), 'x')],
    ['one raw byte', 'image.partial_sector', () => writeFileSync(join(folder, 'disk'), 'x'), 'raw'],
    ['no byte', 'image.partial_sector', () => writeFileSync(join(folder, 'disk'), ''), 'raw'],
    ['raw, cut off within a sector', 'image.partial_sector', () => truncateSync(makeRaw('disk'), MIB + 100), 'raw'],
    ['a header alone', 'image.damaged', () => truncateSync(makeQcow2('disk'), 112)],
    [
      'half of it',
      'image.damaged',
      () => {
        const path = makeQcow2('disk');
        const content = readFileSync(path);
        // Where the tables are that lead to the data.
        writeFileSync(path, content.fill(0xff, 0x30_000, 0x40_000));
      },
    ],
    [
      'what unpacks to far more',
      'image.bomb',
      () => {
        writeFileSync(join(folder, 'ones'), Buffer.alloc(256 * MIB, 1));
        qemuImg('convert', '-c', '-f', 'raw', '-O', 'qcow2', 'ones', 'disk');
      },
    ],
  ];
  it.each(HOSTILE.map(([what, reason, prepare, format]) => ({ what, reason, prepare, format })))(
    '$what: $reason',
    async ({ reason, prepare, format = 'qcow2' }) => {
      prepare();

      await expect(make(definitionOf('disk', { format }))).rejects.toMatchObject({ reason });
      expect(leftovers()).toEqual([]);
      const fromAfar = definitionOf('disk', { format, location: server.urlOf('disk') });
      await expect(make(fromAfar)).rejects.toMatchObject({ reason });
      expect(leftovers()).toEqual([]);
    },
  );

  it('a file of the host with another checksum, also when what it should be is there', async () => {
    const path = makeQcow2('disk.qcow2');
    const definition = definitionOf('disk.qcow2');
    await make(definition);
    appendFileSync(path, 'x');

    await expect(make(definition, 'other')).rejects.toMatchObject({ reason: 'download.checksum_mismatch' });
    expect((await make(definition)).name).toBe('web');
  });

  it('a file with another checksum', async () => {
    const path = makeQcow2('disk.qcow2');
    const places = [{}, { location: server.urlOf('disk.qcow2') }];
    const definitions = places.map((place) => definitionOf('disk.qcow2', place));
    const content = readFileSync(path);
    content[content.length - 1] = 1 + (content.at(-1) ?? 0);
    // One byte is another; then it is no disk at all, which is not what is said of it.
    for (const bytes of [content, Buffer.alloc(MIB, 7)]) {
      writeFileSync(path, bytes);
      for (const definition of definitions)
        await expect(make(definition)).rejects.toMatchObject({ reason: 'download.checksum_mismatch' });
      expect(leftovers()).toEqual([]);
    }
  });

  it('a disk that is larger than the operator allows', async () => {
    source = await sourceIn(cacheDir, 4 * MIB - 1);
    makeRaw('disk.raw');
    makeQcow2('disk.qcow2');

    await expect(make(definitionOf('disk.qcow2'))).rejects.toMatchObject({ reason: 'image.too_large' });
    const raw = definitionOf('disk.raw', { format: 'raw' });
    await expect(make(raw)).rejects.toMatchObject({ reason: 'image.too_large' });
    const fromAfar = definitionOf('disk.raw', { format: 'raw', location: server.urlOf('disk.raw') });
    await expect(make(fromAfar)).rejects.toMatchObject({ reason: 'download.too_large' });
    expect(leftovers().filter((name) => !name.endsWith('.part'))).toEqual([]);
  });

  it('a file that is changed while it is read', async () => {
    const path = makeQcow2('disk.qcow2');
    const onProgress = ({ step }: BuildProgress): void => {
      if (step === 'convert') appendFileSync(path, 'x');
    };
    const { signal } = new AbortController();

    const imported = source.ensure('web', { signal, onProgress, definition: definitionOf('disk.qcow2') });

    await expect(imported).rejects.toMatchObject({ reason: 'image.file_changed' });
    expect(leftovers()).toEqual([]);
  });
});

describe('files of the host', () => {
  it('are taken from the folders that are named, and from nowhere else', async () => {
    makeQcow2('disk.qcow2');
    const outside = join(directory, 'outside.qcow2');
    cpSync(join(folder, 'disk.qcow2'), outside);
    symlinkSync(outside, join(folder, 'link.qcow2'));
    symlinkSync(join(folder, 'disk.qcow2'), join(folder, 'good-link.qcow2'));
    mkdirSync(`${folder}-beside`);
    cpSync(outside, join(`${folder}-beside`, 'disk.qcow2'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const at = (location: string): Promise<Image> => make(definitionOf('disk.qcow2', { location }));

    for (const path of [
      ...[outside, join(folder, 'link.qcow2'), `${folder}-beside/disk.qcow2`, folder, '/etc/shadow', '/proc/self/mem'],
      ...[`${folder}/../outside.qcow2`, `${folder}/../nothing`, '/nothing'],
    ])
      await expect(at(path), path).rejects.toMatchObject({ reason: 'image.path_refused' });
    for (const name of ['nothing', 'pipe'])
      await expect(at(join(folder, name)), name).rejects.toMatchObject({ reason: 'image.no_file' });
    expect(leftovers()).toEqual([]);
    expect((await at(join(folder, 'good-link.qcow2'))).rootBytes).toBe(4 * MIB);
  });

  it('are not taken for who may not name them, nor are addresses of this machine', async () => {
    makeQcow2('disk.qcow2');
    const path = { ...definitionOf('disk.qcow2'), isLocalAllowed: false };
    const url = { ...definitionOf('disk.qcow2', { location: server.urlOf('disk.qcow2') }), isLocalAllowed: false };

    await expect(make(path)).rejects.toMatchObject({ reason: 'image.path_refused' });
    await expect(make(url)).rejects.toMatchObject({ reason: 'download.target_refused' });
    expect(server.requests).toEqual([]);
  });
});

describe('a disk that is full', () => {
  /** The cache on a file system of its own; false where we may not do that. */
  function mountCache(size: string, ...options: readonly string[]): boolean {
    mkdirSync(cacheDir, { recursive: true });
    const mount = ['-t', 'tmpfs', '-o', [...options, `size=${size}`].join(','), 'none', cacheDir];
    return spawnSync('mount', mount, { env }).status === 0;
  }

  it('is said, has nothing half-made left on it, and is no hindrance once there is room', async ({ skip }) => {
    skip(!mountCache('8m'), 'no file system can be mounted here');
    try {
      makeRaw('large.raw', 12);
      const large = definitionOf('large.raw', { format: 'raw', location: server.urlOf('large.raw') });
      await expect(make(large)).rejects.toMatchObject({ code: 'resource_exhausted', reason: 'download.disk_full' });
      expect(leftovers()).toEqual([]);
      makeRaw('small.raw');
      const small = definitionOf('small.raw', { format: 'raw', location: server.urlOf('small.raw') });
      await expect(make(small)).rejects.toMatchObject({ code: 'resource_exhausted', reason: 'image.no_room' });
      expect(leftovers()).toEqual([]);

      expect(mountCache('4g', 'remount')).toBe(true);
      expect((await make(large)).rootBytes).toBe(12 * MIB);
    } finally {
      execFileSync('umount', ['--lazy', cacheDir], { env });
    }
  });
});

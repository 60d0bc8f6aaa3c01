import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DiskContent } from '../../../domain/image/definition.ts';
import { parseAllowedTargets } from '../../../domain/net/target.ts';
import type { ImageSource } from '../../../ports/image-source.ts';
import { createFetcher } from '../../shared/fetch/fetcher.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createImageSource } from '../image-source.ts';
import { type FolderServer, serveFolder, sha256Of } from './folder-server.fixture.ts';

const GUEST = fileURLToPath(new URL('../../../../../../guest', import.meta.url));
const MIB = 1024 * 1024;
const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });

let directory: string;
let cacheDir: string;
let folder: string;
let source: ImageSource;
let server: FolderServer;

beforeEach(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'volary-test-content-')));
  cacheDir = join(directory, 'cache');
  folder = join(directory, 'imports');
  mkdirSync(folder);
  source = await newSource();
  server = await serveFolder(folder);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

function newSource(): Promise<ImageSource> {
  const fetcher = createFetcher({ allowedTargets: parseAllowedTargets(''), version: '1', retryMs: 1 });
  const imports = { definitionOf: async () => null, fetcher, folders: [folder], maxBytes: 64 * 1024 * MIB };
  return createImageSource({ cacheDir, guestPath: GUEST, log, imports });
}

function qemuImg(...args: readonly string[]): void {
  execFileSync('qemu-img', args, { cwd: folder, stdio: 'pipe' });
}

function makeRaw(name: string): void {
  const content = Buffer.alloc(4 * MIB);
  content.write('begins', 1_000);
  writeFileSync(join(folder, name), content);
}

function makeQcow2(name: string): void {
  makeRaw(`${name}.raw`);
  qemuImg('convert', '-f', 'raw', '-O', 'qcow2', `${name}.raw`, name);
}

/** What lies in the cache, but for the locks. */
function leftovers(): readonly string[] {
  const below = (name: string): readonly string[] =>
    existsSync(join(cacheDir, name)) ? readdirSync(join(cacheDir, name)) : [];
  return [...below('images'), ...below('downloads').filter((name) => name !== 'locks')];
}

describe('what a disk besides the root begins with', () => {
  const silently = { signal: new AbortController().signal, onProgress: () => undefined };
  const contentOf = (name: string, location = join(folder, name)): DiskContent => ({
    source: { location, sha256: sha256Of(join(folder, name)) },
    format: name.endsWith('.qcow2') ? 'qcow2' : 'raw',
    isLocalAllowed: true,
  });

  it('is what the file has, whatever that is, found by its bytes and fetched once', async () => {
    makeQcow2('data.qcow2');
    const content = contentOf('data.qcow2', server.urlOf('data.qcow2'));
    expect(await source.findContent(content)).toBeNull();

    const image = await source.ensureContent(content, silently);

    expect(image).toMatchObject({ boot: 'none', rootBytes: 4 * MIB });
    expect(readFileSync(image.rootPath)).toEqual(readFileSync(join(folder, 'data.qcow2.raw')));
    expect(await source.findContent({ ...content, isLocalAllowed: false })).toEqual(image);
    expect(await (await newSource()).ensureContent(content, silently)).toEqual(image);
    expect(server.requests).toEqual(['/data.qcow2']);
    expect(await source.list()).toEqual([image]);
    expect(await source.remove(image.digest)).toBe(true);
    expect(await source.findContent(content)).toBeNull();
  });

  it('shares its bytes with an image of the same file, and is none that could be started', async () => {
    makeQcow2('disk.qcow2');
    const of = contentOf('disk.qcow2');
    const definition = { ...of, kind: 'disk', description: '', boot: 'firmware', firmware: 'bios' } as const;
    const image = await source.ensure('web', { ...silently, definition });

    const content = await source.ensureContent(of, silently);

    expect(statSync(content.rootPath).ino).toBe(statSync(image.rootPath).ino);
    await expect(source.ensure(content.name, silently)).rejects.toMatchObject({ reason: 'image.unknown' });
  });

  it('is refused, and nothing is kept, when the bytes are others, the path is outside the folders, or it is hostile', async () => {
    makeRaw('data.raw');
    const content = contentOf('data.raw');
    const other = { ...content, source: { ...content.source, sha256: '1'.repeat(64) } };
    writeFileSync(join(directory, 'secret.raw'), readFileSync(join(folder, 'data.raw')));
    const outside = { ...content, source: { ...content.source, location: join(directory, 'secret.raw') } };
    qemuImg('create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', 'data.raw', 'backed.qcow2', '4M');

    const make = (asked: DiskContent) => source.ensureContent(asked, silently);
    await expect(make(other)).rejects.toMatchObject({ reason: 'download.checksum_mismatch' });
    await expect(make(outside)).rejects.toMatchObject({ reason: 'image.path_refused' });
    await expect(make({ ...content, isLocalAllowed: false })).rejects.toMatchObject({ reason: 'image.path_refused' });
    await expect(make(contentOf('backed.qcow2'))).rejects.toMatchObject({ reason: 'image.backing_file' });
    expect(leftovers()).toEqual([]);
  });
});

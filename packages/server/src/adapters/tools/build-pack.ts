import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { VolaryError } from '../../domain/errors.ts';
import type { VmTool } from '../../domain/tool/tool.ts';
import { isDiskFull } from '../shared/disk-full.ts';
import { inPlace, makePart } from '../shared/in-place.ts';
import type { Command, Source } from './catalogue.ts';
import { type BuiltPack, PACK_FILES, packDirectoryName, packFacts } from './pack-store.ts';
import { requirePrograms, runTool } from './run-tool.ts';
import type { FetchVersion, VersionSource } from './version-source.ts';

const COMMAND = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/;
/**
 * lz4: measured, it takes a second to write what takes a minute and a half with zstd, halves what lies on the disk, and costs an emulated
 * guest nothing that could be seen. One time for all files, so that what is made of the same files is the same.
 */
const FORMAT = [
  '-noappend',
  '-no-progress',
  '-quiet',
  '-no-xattrs',
  '-all-root',
  '-mkfs-time',
  '0',
  '-all-time',
  '0',
  '-comp',
  'lz4',
];

/** How packs are made of what was fetched. To be changed with what is done here or by a kind of source, so that packs of before are made anew. */
const BUILDER = 1;

/** Hex SHA-256 of all that a pack depends on besides its version. */
export function recipeOf(source: Source): string {
  return createHash('sha256')
    .update(JSON.stringify([BUILDER, FORMAT, source]))
    .digest('hex');
}

export interface PackBuild extends Pick<FetchVersion, 'signal' | 'onProgress'> {
  readonly tool: Pick<VmTool, 'name' | 'version'>;
  readonly source: Source;
  readonly versions: VersionSource;
  /** Where packs lie. */
  readonly directory: string;
}

/** Fetches a version and makes a pack of it; answers the name of its directory. Leaves nothing when it fails. */
export async function buildPack(build: PackBuild): Promise<string> {
  const { tool, source, versions, directory, signal, onProgress } = build;
  requirePrograms(['mksquashfs', 'tar']);
  const part = await makePart(directory);
  try {
    const [root, work] = [join(part, 'root'), join(part, 'work')];
    await mkdir(root, { mode: 0o755 });
    await mkdir(work, { mode: 0o700 });
    await versions.fetch({ version: tool.version, into: root, work, signal, onProgress });
    await addCommands(root, tool.name, source);
    await openToAll(root);
    onProgress({ step: 'pack', fraction: 0.9, message: 'writing the pack' });
    const path = await inPlace(directory, (out) => writePack(build, root, out));
    return path;
  } catch (error) {
    throw isDiskFull(error) ? noRoom(error) : error;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

async function writePack({ tool, source, signal }: PackBuild, root: string, out: string): Promise<string> {
  const path = join(out, PACK_FILES.pack);
  await runTool('mksquashfs', [root, path, ...FORMAT], { what: 'writing the pack', signal, hidden: [root, out] });
  await chmod(path, 0o444);
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 1024 ** 2 }), hash, { signal });
  const pack: Omit<BuiltPack, 'path' | 'usedAt'> = {
    ...{ name: tool.name, version: tool.version, digest: hash.digest('hex') },
    sizeBytes: (await stat(path)).size,
    builtAt: Date.now(),
    recipe: recipeOf(source),
  };
  await writeFile(join(out, PACK_FILES.facts), packFacts(pack), { mode: 0o644 });
  return packDirectoryName(pack);
}

/** What is in `bin` is on the PATH of guests. */
async function addCommands(root: string, name: string, { bin, files = {}, edits = [] }: Source): Promise<void> {
  const home = `/opt/volary/tools/${name}`;
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content, { mode: 0o644 });
  }
  for (const { file, from, to } of edits) await edit(root, file, { from, to: to.replaceAll('{home}', home) });
  await mkdir(join(root, 'bin'), { recursive: true });
  for (const [command, program] of Object.entries(bin)) {
    if (!COMMAND.test(command)) throw badCommand(command);
    await addCommand(root, join(root, 'bin', command), program, home);
  }
}

async function addCommand(root: string, path: string, command: Command, home: string): Promise<void> {
  if (typeof command === 'string') {
    const program = join(root, command);
    const isThere = await lstat(program).then(
      () => true,
      () => false,
    );
    if (!isThere) throw badCommand(command);
    await stat(program).then(
      ({ mode }) => chmod(program, mode | 0o555),
      () => undefined,
    );
    if (program !== path) await replace(path, () => symlink(relative(dirname(path), program), path));
    return;
  }
  const inHome = (text: string): string => quoted(text.replaceAll('{home}', home));
  const variables = Object.entries(command.env ?? {}).map(([name, value]) => `export ${name}=${inHome(value)}\n`);
  const script = `#!/bin/sh\n${variables.join('')}exec ${command.run.map(inHome).join(' ')} "$@"\n`;
  await replace(path, () => writeFile(path, script, { mode: 0o755 }));
  const program = command.run[0]?.replace('{home}', root) ?? '';
  await stat(program).then(
    ({ mode }) => chmod(program, mode | 0o555),
    () => Promise.reject(badCommand(command.run[0] ?? '')),
  );
}

/** What is not there to be changed would fail where nobody sees why: in the guest. */
async function edit(root: string, file: string, { from, to }: { readonly from: string; readonly to: string }) {
  const path = join(root, file);
  const isFile = await lstat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
  const content = isFile ? await readFile(path, 'utf8') : '';
  if (!content.includes(from)) throw notThere(`${file} with ${from}, which the catalogue changes`);
  await writeFile(path, content.replaceAll(from, to));
}

async function replace(path: string, make: () => Promise<unknown>): Promise<void> {
  await rm(path, { force: true });
  await make();
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Whoever it is in the guest may read it, and run what is a program. */
async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}

function badCommand(what: string): VolaryError {
  return notThere(`${what}, which the catalogue names as a command`);
}

function notThere(what: string): VolaryError {
  return new VolaryError('failed_precondition', `What was fetched has no ${what}.`, { reason: 'tool.build_failed' });
}

function noRoom(cause: unknown): VolaryError {
  return new VolaryError('resource_exhausted', 'The disk that holds the cache is full: the tool was not built.', {
    reason: 'tool.no_room',
    cause,
  });
}

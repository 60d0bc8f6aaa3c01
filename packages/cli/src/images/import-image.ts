import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { DefineImageRequest, DiskOrigin, ImageFileSource, Operation } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { addLabelOption, type LabelOptions, labelsOf } from '../operations/label-option.ts';

/** Makes an image of what a file says: of a recipe, say. Whether it is one, the server says. */
async function createImage(context: Context, file: string, options: LabelOptions): Promise<void> {
  const client = await connect(context);
  const request = { ...(await readRequest(context, file)), ...labelsOf(options) };
  await finish(context, client, await client.images.define(request));
}

async function readRequest(context: Context, file: string): Promise<DefineImageRequest> {
  try {
    return JSON.parse(file === '-' ? await text(context.stdin) : await readFile(file, 'utf8'));
  } catch (error) {
    throw usageError(`${file} is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

interface ImportOptions extends LabelOptions {
  readonly sha256?: string;
  readonly name?: string;
  readonly format?: 'qcow2' | 'raw';
  readonly boot?: 'direct' | 'firmware';
  readonly firmware?: 'bios' | 'uefi';
  readonly kernel?: string;
  readonly kernelSha256?: string;
  readonly initramfs?: string;
  readonly initramfsSha256?: string;
  readonly description?: string;
}

/** `volary image import|create`. */
export function configureImport(command: Command, context: Context): void {
  addLabelOption(command.command('import').description('make an image of a disk image; prints its name'))
    .argument('<source>', "a URL, or a file of the server's machine below a folder of its image_folders")
    .option('--sha256 <sum>', 'of the file; computed for a local file if omitted')
    .option('-n, --name <name>', "default: the file's")
    .addOption(new Option('--format <format>', 'default: as the file or its name says').choices(['qcow2', 'raw']))
    .addOption(
      new Option('--boot <how>', 'default: direct where a kernel is named, else firmware').choices([
        'direct',
        'firmware',
      ]),
    )
    .addOption(new Option('--firmware <kind>', 'what starts the disk (default: bios)').choices(['bios', 'uefi']))
    .option('--kernel <source>', 'URL or file of the kernel that starts the disk')
    .option('--kernel-sha256 <sum>', 'of the kernel')
    .option('--initramfs <source>', "URL or file of the kernel's initramfs (default: one with our agent alone)")
    .option('--initramfs-sha256 <sum>', 'of the initramfs')
    .option('--description <text>', 'for people')
    .action((source: string, options: ImportOptions) => importImage(context, source, options));
  addLabelOption(
    command
      .command('create')
      .description('make an image from a definition, for example a recipe of packages; prints its name'),
  )
    .argument('<file>', 'JSON, as POST /v1/images takes it; - reads it from stdin')
    .action((file: string, options: LabelOptions) => createImage(context, file, options));
}

async function importImage(context: Context, source: string, options: ImportOptions): Promise<void> {
  const client = await connect(context);
  const { boot, firmware, kernel, initramfs, description } = options;
  const name = options.name ?? nameOf(source);
  const disk: DiskOrigin = {
    ...(await sourceOf(source, options.sha256, '--sha256')),
    format: options.format ?? (await formatOf(source)),
    ...(boot === undefined ? {} : { boot }),
    ...(firmware === undefined ? {} : { firmware }),
    ...(kernel === undefined ? {} : { kernel: await sourceOf(kernel, options.kernelSha256, '--kernel-sha256') }),
    ...(initramfs === undefined
      ? {}
      : { initramfs: await sourceOf(initramfs, options.initramfsSha256, '--initramfs-sha256') }),
  };
  const request = { name, disk, ...(description === undefined ? {} : { description }), ...labelsOf(options) };
  await finish(context, client, await client.images.define(request));
}

async function finish(context: Context, client: VolaryClient, operation: Operation): Promise<void> {
  const { name } = operation.subject;
  await finishOperation(context, client, operation, { doing: `Making ${name}`, done: `The image ${name} is ready` });
  if (context.globals.json === true) printJson(context, await client.images.get(name));
  else context.stdout.write(`${name}\n`);
}

function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

async function sourceOf(source: string, sha256: string | undefined, flag: string): Promise<ImageFileSource> {
  if (isUrl(source)) {
    if (sha256 === undefined) throw usageError(`A download needs its checksum: give ${flag}.`);
    return { url: source, sha256: sha256.toLowerCase() };
  }
  const path = resolve(source);
  return { path, sha256: sha256?.toLowerCase() ?? (await reckon(path, flag)) };
}

/** What lies on this machine is what it is; if the server has another file there, it will say so. */
async function reckon(path: string, flag: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch {
    throw usageError(`${path} cannot be read on this machine: give ${flag}.`);
  }
  return hash.digest('hex');
}

async function formatOf(source: string): Promise<'qcow2' | 'raw'> {
  const path = isUrl(source) ? new URL(source).pathname : source;
  if (/\.qcow2$/i.test(path)) return 'qcow2';
  if (/\.raw$/i.test(path)) return 'raw';
  if (isUrl(source)) throw usageError('The name of the file does not tell what it is: give --format.');
  try {
    await using file = await open(source, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    return bytesRead === 4 && buffer.toString('latin1') === 'QFI\xfb' ? 'qcow2' : 'raw';
  } catch {
    throw usageError(`${source} cannot be read on this machine: give --format.`);
  }
}

/** `debian-12.qcow2` is `debian-12`. */
function nameOf(source: string): string {
  const file = basename(isUrl(source) ? new URL(source).pathname : source);
  const name = file
    .toLowerCase()
    .replace(/\.(qcow2|raw|img|ext4)$/, '')
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
    .slice(0, 63);
  if (name === '') throw usageError(`${file} gives the image no name: give --name.`);
  return name;
}

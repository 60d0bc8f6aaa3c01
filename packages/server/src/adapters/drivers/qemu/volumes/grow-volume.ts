/** Volumes that are made larger: never smaller, and nothing that is in them changes. */

import { constants } from 'node:fs';
import { chmod, open } from 'node:fs/promises';
import { VolaryError } from '../../../../domain/errors.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { runOnFile } from '../../../shared/sandbox.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import { diskFull, NO_SPACE } from '../errors.ts';
import type { QemuProgram } from '../qemu-program.ts';
import type { QmpClient } from '../qmp/qmp-client.ts';

const GIB = 1024 ** 3;
const MAGIC = 0x514649fb;
/** Of the header of qcow2, bytes: as much of it as is looked at. */
const HEADER_BYTES = 80;
const PLACES = { magic: 0, version: 4, size: 24, incompatible: 72 } as const;
/** What is in it lies in a file of another name. */
const EXTERNAL_DATA = 4n;

/** What making one larger may take: a monitor has written to what is read for it. */
const BOUNDS = { memoryMib: 512, cpuSeconds: 60 } as const;

/** Its virtual size, bytes, as its header says. Throws `data_loss` driver.disk_damaged of what is no volume of ours. */
export async function readVirtualBytes(path: string): Promise<number> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((cause: unknown) => {
    throw damaged(path, cause);
  });
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || buffer.readUInt32BE(PLACES.magic) !== MAGIC) throw damaged(path);
    // A monitor has written to it: nothing is opened that it names.
    const isExternal = (buffer.readBigUInt64BE(PLACES.incompatible) & EXTERNAL_DATA) !== 0n;
    if (buffer.readUInt32BE(PLACES.version) !== 3 || isExternal) throw damaged(path);
    return Number(buffer.readBigUInt64BE(PLACES.size));
  } finally {
    await file.close();
  }
}

/** Makes it as large as this, unless it is, while no machine has it. Throws `data_loss` driver.disk_damaged, `resource_exhausted` driver.disk_full, `unavailable` driver.disk_failed. */
export async function growFile(
  path: string,
  sizeGib: number,
  { program, signal }: Abortable & { readonly program: QemuProgram },
): Promise<void> {
  if ((await readVirtualBytes(path)) >= sizeGib * GIB) return;
  // One that was only read may be written to by nobody; who has it next says so anew.
  await chmod(path, 0o600);
  await using file = await open(path, constants.O_RDWR | constants.O_NOFOLLOW);
  // What it names as below it is not looked up: how large that is changes nothing.
  const image = { driver: 'qcow2', file: { driver: 'file', filename: '/proc/self/fd/3' }, backing: null };
  const argv = [program.imageToolPath, 'resize', '-q', `json:${JSON.stringify(image)}`, `${sizeGib}G`];
  // Its tables lie behind what is in it.
  const fileBytes = (sizeGib + 1) * GIB;
  const { exitCode, stderr } = await runOnFile(file, argv, { ...BOUNDS, fileBytes, signal });
  if (exitCode !== 0) {
    if (NO_SPACE.test(stderr)) throw diskFull(stderr);
    throw new VolaryError('unavailable', 'The volume could not be made larger.', {
      reason: 'driver.disk_failed',
      context: { argv, exitCode, stderr },
    });
  }
  await synchronise(path);
}

/** Makes a disk of a machine as long as this, unless it is longer: a disk is never cut. `node`: as the machine has it. */
export async function lengthenNode(client: QmpClient, node: string, sizeGib: number): Promise<void> {
  const nodes = await client.execute('query-named-block-nodes', { flat: true });
  const present = nodes.find((each) => each['node-name'] === node)?.image?.['virtual-size'] ?? 0;
  if (present < sizeGib * GIB) await client.execute('block_resize', { 'node-name': node, size: sizeGib * GIB });
}

function damaged(path: string, cause?: unknown): VolaryError {
  return new VolaryError('data_loss', 'The volume is gone from the host, or damaged.', {
    reason: 'driver.disk_damaged',
    context: { path },
    cause,
  });
}

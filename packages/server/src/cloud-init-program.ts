import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloudInitProgram } from './engine/cloud-init/cloud-init-program.ts';

/** What guests are given to run cloud-init with, from the folder that came with the program. */
export async function readCloudInitProgram(folder: string): Promise<CloudInitProgram> {
  const [stages, config] = await Promise.all([
    readFile(join(folder, 'run-stages.py'), 'utf8'),
    readFile(join(folder, 'volary.cfg'), 'utf8'),
  ]);
  return { stages, config };
}

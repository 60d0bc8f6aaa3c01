import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml } from './api/manifests/parse-yaml.ts';
import { readManifest } from './api/manifests/read-manifest.ts';
import type { NewTemplate } from './engine/templates/template-api.ts';

/** The templates that come with this program: manifests in a folder, as users write them too. Throws what is wrong with one. */
export async function readBuiltInTemplates(folder: string): Promise<readonly NewTemplate[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  return await Promise.all(
    files.map(async (file) => readManifest(await parseYaml(await readFile(join(folder, file), 'utf8')))),
  );
}

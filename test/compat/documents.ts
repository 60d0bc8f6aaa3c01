/**
 * The documents that the dialects are held against. They are not part of this repository: where they lie beside it, or where
 * VOLARY_DOCUMENTS says, tests read them; else the tables made of them stand for them.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The documents of each dialect that is there, by the SHA-256 of their text. */
export const DOCUMENTS = {
  aetherium: [
    '490b2e7c8de5aafa31c64470697d51ff9b1acc088b3856547dcab13c1b1f0368',
    '191bfdff2c318786ab594420b884a7b0e28775a7a2d6b08e43a9b01de945d3bf',
  ],
  volant: ['e56e94525f834c5ee5ea7699b5777d7066b4d0adfc9edc7b2f6e59a82e4ddffb'],
  novacron: ['c847d57d0b0d25ebda7f542d8a1f1f1cb9aaf430c4020f052593435bfb1b2850'],
  'vm-api': ['081320e1c702e714035154281593bf13742f7168648c49756cee22034b393e8a'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The document with this SHA-256, or null where it is not at hand. */
export function findDocument(sha256: string): string | null {
  const folder = resolve(process.env['VOLARY_DOCUMENTS'] ?? join(ROOT, '../shared/seeds'));
  if (!existsSync(folder)) return null;
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  return texts.find((bytes) => sha256Of(bytes) === sha256)?.toString('utf8') ?? null;
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

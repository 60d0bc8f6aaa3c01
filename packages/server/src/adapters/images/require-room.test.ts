import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { explainAdditions } from './additions.ts';

const SCRIPT = fileURLToPath(new URL('../../../../../guest/image/require-room.sh', import.meta.url));
const MIB = 1024 ** 2;

let tree: string;
beforeEach(() => {
  tree = mkdtempSync(join(tmpdir(), 'volary-test-room-'));
});
afterEach(() => rmSync(tree, { recursive: true }));

function requireRoom(bytes: number): { readonly status: number | null; readonly stdout: string } {
  return spawnSync('sh', [SCRIPT, tree, `${bytes}`], { encoding: 'utf8' });
}

it('lets a tree pass that fits, holes and all', () => {
  writeFileSync(join(tree, 'hole'), 'x');
  truncateSync(join(tree, 'hole'), 1024 * MIB);

  expect(requireRoom(2 * MIB)).toMatchObject({ status: 0, stdout: '' });
});

it('refuses one that is larger than the root is to be, and the recipe is told by how much', () => {
  for (const name of ['a', 'b', 'c']) writeFileSync(join(tree, name), Buffer.alloc(MIB, 1));

  const { status, stdout } = requireRoom(2 * MIB);
  const error = explainAdditions(['volary: command 1', 'much', ...stdout.trim().split('\n'), 'E: setup failed']);

  expect(status).toBe(1);
  expect(error).toMatchObject({ code: 'failed_precondition', reason: 'image.recipe_too_large' });
  expect(error?.message).toMatch(/takes [34] MiB; .* 2 MiB/);
});

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { Additions } from './recipe.ts';

/** Lines of a command's output that are shown, and how much of each. */
const SHOWN_LINES = 8;
const SHOWN_LINE_LENGTH = 400;

/** Lays what a user adds where the script beside `customizeScriptPath` finds it: see guest/image/add.sh. Everybody may read it: who builds may be another user. */
export async function putAdditions(made: string, additions: Additions, customizeScriptPath: string): Promise<void> {
  const { files, commands } = additions;
  const mode = 0o644;
  for (const name of ['files', 'commands']) await mkdir(join(made, name), { mode: 0o755 });
  for (const [index, { content }] of files.entries())
    await writeFile(join(made, 'files', `${index}`), content, { mode });
  const list = files.map((file) => `${file.mode.toString(8).padStart(4, '0')}\t${file.owner}\t${file.path}\n`);
  await writeFile(join(made, 'files.list'), list.join(''), { mode });
  // By number, so that the shell's order is theirs.
  const digits = `${commands.length}`.length;
  for (const [index, command] of commands.entries())
    await writeFile(join(made, 'commands', `${index + 1}`.padStart(digits, '0')), `${command}\n`, { mode });
  for (const name of ['add.sh', 'require-room.sh'])
    await copyFile(join(dirname(customizeScriptPath), name), join(made, name));
}

/** Why a file or command of a user failed, in its own last words; null where something else did. */
export function explainAdditions(lines: readonly string[]): VolaryError | null {
  const said = lines.findLast((line) => line.startsWith('volary: '));
  const [, taken, room] = /^volary: too large: (\d{1,9}) of (\d{1,9})$/.exec(said ?? '') ?? [];
  if (taken !== undefined) return tooLarge(taken, room ?? '');
  const at = lines.findLastIndex((line) => /^volary: (file|command|added)/.test(line));
  const [, what] = /^volary: ((?:file|command) .*)$/.exec(lines[at] ?? '') ?? [];
  if (what === undefined) return null;
  const words = lines.slice(at + 1).filter((line) => !/^[IWE]: /.test(line));
  const shown = words.slice(-SHOWN_LINES).map((line) => line.slice(0, SHOWN_LINE_LENGTH));
  return new VolaryError('failed_precondition', [`The ${what} of the recipe failed:`, ...shown].join('\n'), {
    reason: 'image.build_failed',
    context: { output: lines.join('\n') },
  });
}

function tooLarge(takenMib: string, roomMib: string): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `What the recipe makes takes ${takenMib} MiB; its root (root_gib) has ${roomMib} MiB.`,
    { reason: 'image.recipe_too_large', details: { taken_mib: Number(takenMib), root_mib: Number(roomMib) } },
  );
}

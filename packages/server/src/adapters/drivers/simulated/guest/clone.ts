import type { Clock } from '../../../../ports/clock.ts';
import type { FileTree } from './file-tree.ts';

/** By which the script that clones a workspace's repository is known: the simulated shell knows less than that takes, so it is done here. */
export const CLONE_SCRIPT_NAME = 'volary-clone';
const LOG = '/var/log/clones';
const encoder = new TextEncoder();

/** What it takes of what a program is given. */
interface CloneContext {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly files: FileTree;
  readonly stderr: { write(bytes: Uint8Array): Promise<void> };
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Clones from nowhere. It notes in a file that it has, and ends as the last part of the address says: `missing` fails, telling the token it was
 * given; `wait` waits for a file `/go`; all others are there.
 */
export async function cloneRepository({ argv, env, files, stderr, clock, signal }: CloneContext): Promise<number> {
  const [url = '', directory = '', , id = ''] = argv.slice(4);
  const what = url.slice(url.lastIndexOf('/') + 1);
  const mark = `${directory}/.git/volary-workspace`;
  if (files.isDirectory(directory)) return 0;
  while (what === 'wait' && !files.isDirectory('/go')) await clock.sleep(20, { signal });
  if (what === 'missing') {
    await stderr.write(encoder.encode(`fatal: '${url}' not found, with ${env['GIT_TOKEN'] ?? 'no token'}\n`));
    return 128;
  }
  const before = files.isDirectory('/var/log') ? readOrNothing(files) : '';
  files.write(LOG, encoder.encode(`${before}${url}\n`), { mode: null, makeParents: true });
  files.write(mark, encoder.encode(`${id}\n`), { mode: null, makeParents: true });
  return 0;
}

function readOrNothing(files: FileTree): string {
  try {
    return new TextDecoder().decode(files.read(LOG));
  } catch {
    // The first one.
    return '';
  }
}

import type { Clock } from '../../../../ports/clock.ts';
import type { FileTree } from './file-tree.ts';

const USER_DATA = '/var/lib/cloud/seed/nocloud/user-data';
const STATUS = '/run/cloud-init/status.json';
const LOG = '/var/log/cloud-init.log';
const encoder = new TextEncoder();

/** What it takes of what a program is given. */
interface CloudInitContext {
  readonly files: FileTree;
  readonly stdout: { write(bytes: Uint8Array): Promise<void> };
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * What runs cloud-init's stages in a simulated guest. It notes in a file that it has, and ends as the user data says in a line of its own:
 * `# simulate: error`, `degraded`, `crash`, or `wait`, for a file `/go`; else well.
 */
export async function runCloudInit({ files, stdout, clock, signal }: CloudInitContext): Promise<number> {
  const userData = new TextDecoder().decode(files.read(USER_DATA));
  const how = /^# simulate: (\S+)$/m.exec(userData)?.[1] ?? 'done';
  await stdout.write(encoder.encode('cloud-init init --local\n'));
  files.write(LOG, encoder.encode('ran\n'), { mode: 0o644, makeParents: true });
  while (how === 'wait' && !files.isDirectory('/go')) await clock.sleep(20, { signal });
  if (how === 'crash') return 1;
  const final = {
    errors: how === 'error' ? ["('scripts-user', RuntimeError('1 failure'))"] : [],
    ...(how === 'degraded' ? { recoverable_errors: { WARNING: ['ntp does nothing'] } } : {}),
  };
  const status = { v1: { stage: null, 'init-local': { errors: [] }, 'modules-final': final } };
  files.write(STATUS, encoder.encode(JSON.stringify(status)), { mode: 0o644, makeParents: true });
  return how === 'error' ? 1 : how === 'degraded' ? 2 : 0;
}

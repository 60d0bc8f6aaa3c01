/**
 * How a guest is asked to do what cloud-init is told. In a whole system cloud-init is a part of that, and began with it: it is waited for. A guest of
 * ours has no service that would begin it: it is given the seed as files, and a program that runs cloud-init's stages as a boot would. Both can
 * be asked any number of times in one boot, and answer the same: so nobody has to know what a former server came to, or what a saved
 * machine was in the middle of.
 */
import type { ExecRequest } from '../../domain/execution/execution.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import type { CloudInitProgram } from './cloud-init-program.ts';
import { CLOUD_INIT_TOOL } from './cloud-init-tool.ts';

const SEED = '/var/lib/cloud/seed/nocloud';
const CONFIG_PATH = '/etc/cloud/cloud.cfg.d/50_volary.cfg';
const STAGES_PATH = '/run/volary/run-cloud-init-stages.py';
const PYTHON = `/opt/volary/tools/${CLOUD_INIT_TOOL}/usr/bin/python3`;
const PLAIN = { env: {}, cwd: '/', user: '', tty: null, hasStdin: false, timeoutMs: 0 } as const;

/** Waits for the cloud-init of a whole system, however that was begun. */
export const AWAIT_CLOUD_INIT: ExecRequest = {
  ...PLAIN,
  argv: [
    '/bin/sh',
    '-c',
    'if ! command -v cloud-init > /dev/null; then echo "This system has no cloud-init." >&2; exit 127; fi; exec cloud-init status --wait --long',
  ],
};

/** Runs the stages of the cloud-init that the VM has as a tool. */
export function runStages({ spec }: Pick<Vm, 'spec'>): ExecRequest {
  const digest = spec.tools.find(({ name }) => name === CLOUD_INIT_TOOL)?.digest ?? 'unknown';
  return {
    ...PLAIN,
    // What it has compiled is kept for the next boot, apart from what another version has.
    argv: [PYTHON, '-sE', STAGES_PATH, digest.slice(0, 12)],
    // Where nobody outside can be reached, that is to show soon.
    env: spec.network.egress === 'deny' ? { RES_OPTIONS: 'timeout:1 attempts:1' } : {},
  };
}

/** Puts into the guest what its cloud-init reads. Repeating it is safe. Throws as `GuestLink.writeFile`. */
export async function writeSeed(
  link: Pick<GuestLink, 'writeFile'>,
  { id, name, spec }: Pick<Vm, 'id' | 'name' | 'spec'>,
  { stages, config }: CloudInitProgram,
  signal: AbortSignal,
): Promise<void> {
  const { userData = null, metaData = null } = spec.cloudInit ?? {};
  const files = {
    [CONFIG_PATH]: config,
    [STAGES_PATH]: stages,
    [`${SEED}/user-data`]: userData ?? '#cloud-config\n{}\n',
    // To cloud-init another VM is another machine, as a fork is when it boots.
    [`${SEED}/meta-data`]: `${JSON.stringify({ 'instance-id': id, 'local-hostname': name })}\n`,
    [`${SEED}/meta-data.asked`]: metaData ?? '{}\n',
  };
  for (const [path, text] of Object.entries(files))
    await link.writeFile(path, once(new TextEncoder().encode(text)), { signal, mode: 0o600, makeParents: true });
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

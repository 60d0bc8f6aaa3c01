/** apt as builds of tools use it: with lists, keys and a state of its own, whatever the host's are. */
import { constants } from 'node:fs';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import { acquireLock, type LockOptions } from '../shared/build-lock.ts';
import { requirePrograms, runTool } from './run-tool.ts';

const SUITE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ARCHIVES = [
  `http://deb.debian.org/debian ${SUITE}`,
  `http://deb.debian.org/debian ${SUITE}-updates`,
  `http://deb.debian.org/debian-security ${SUITE}-security`,
];

/** apt holds a lock of its own on its lists, and gives up at once where another has it. */
export function lockLists(directory: string, options: LockOptions): Promise<Disposable> {
  return acquireLock(join(directory, '.lock'), options);
}

/** Runs a program of apt's; `what` is being done: "reading package lists". What is downloaded without a place for it lands in `cwd`. */
export type Apt = (
  program: 'apt-get' | 'apt-cache',
  args: readonly string[],
  what: string,
  options?: { readonly cwd?: string },
) => Promise<string>;

/** apt with a state of its own, so that the host's packages, lists and configuration do not matter. */
export async function aptIn(directory: string, signal: AbortSignal): Promise<Apt> {
  await access(KEYRING, constants.R_OK).catch((cause: unknown) => {
    throw new VolaryError(
      'failed_precondition',
      "Tools from Debian's packages need Debian's archive keys. On Ubuntu: apt-get install debian-archive-keyring.",
      {
        reason: 'tool.program_missing',
        details: { programs: ["Debian's archive keys"], packages: ['debian-archive-keyring'] },
        cause,
      },
    );
  });
  for (const path of ['state/lists/partial', 'cache/archives/partial', 'etc/apt.conf.d', 'etc/preferences.d'])
    await mkdir(join(directory, path), { recursive: true, mode: 0o755 });
  await writeFile(join(directory, 'status'), '');
  await writeFile(
    join(directory, 'etc/sources.list'),
    ARCHIVES.map((each) => `deb [signed-by=${KEYRING}] ${each} main\n`).join(''),
  );
  await writeFile(
    join(directory, 'apt.conf'),
    [
      `Dir "${directory}"; Dir::State "${directory}/state"; Dir::State::status "${directory}/status";`,
      `Dir::Cache "${directory}/cache"; Dir::Etc "${directory}/etc";`,
      'APT::Architecture "amd64"; APT::Architectures { "amd64"; }; APT::Sandbox::User "root";',
      'APT::Install-Recommends "false"; Acquire::Languages "none"; Acquire::Retries "3";',
    ].join('\n'),
  );
  const env = { APT_CONFIG: join(directory, 'apt.conf'), DEBIAN_FRONTEND: 'noninteractive' };
  return (program, args, what, options = {}) =>
    runTool(program, args, { what, signal, hidden: [directory], env, ...options });
}

/** Asks Debian what there is now, and gives the apt that knows it. The caller holds the lock of the lists. Throws `unavailable` download.unavailable. */
export async function updateLists(directory: string, signal: AbortSignal): Promise<Apt> {
  requirePrograms(['apt-get', 'apt-cache']);
  const apt = await aptIn(directory, signal);
  await apt('apt-get', ['update', '-q', '--error-on=any'], 'fetching package lists').catch((cause: unknown) => {
    if (!(cause instanceof VolaryError) || cause.reason !== 'tool.build_failed') throw cause;
    throw new VolaryError('unavailable', `deb.debian.org cannot be reached. ${cause.message}`, {
      reason: 'download.unavailable',
      cause,
    });
  });
  return apt;
}

/**
 * Where a repository is cloned from. What is given here goes to `git` in a guest, and is shown: so it is never an option, never a command
 * (`ext::`), never a path of any machine, and holds no password.
 */
import { VolaryError } from '../errors.ts';

export interface Repository {
  readonly url: string;
  /** A branch or a tag; null: what the repository says. */
  readonly ref: string | null;
  /** Absolute, in the guest. */
  readonly directory: string;
}

/** Where repositories are put unless something else is asked for, each in a directory of its own name. */
const HOME = '/workspace';
const LONGEST_URL = 2_048;
const LONGEST_REF = 255;

const PRINTABLE = /^[\x21-\x7e]+$/;
const BY_SCHEME =
  /^(?<scheme>https?|git|ssh):\/\/(?:(?<user>[^@/]*)@)?(?<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(?::\d{1,5})?\/(?<path>[^?#]+)$/;
/** As `scp` writes it: `git@host:path`. */
const BY_HOST = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?[A-Za-z0-9][A-Za-z0-9._-]*:(?!:)(?!\/\/)(?<path>[^-?#][^?#]*)$/;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const REF = /^(?!.*(?:\.\.|\/\/|@\{|\\))[A-Za-z0-9_][A-Za-z0-9._/@+#-]*$/;
const DIRECTORY = /^(?!.*(?:\/\/|\/\.{1,2}(?:\/|$)))\/[A-Za-z0-9._/@+-]{1,254}$/;

/** The repository as it is asked for, its directory filled in. Throws `invalid_argument` workspace.invalid_repository, naming the field. */
export function repositoryOf(asked: {
  readonly url: string;
  readonly ref?: string | undefined;
  readonly directory?: string | undefined;
}): Repository {
  const { url, ref = null } = asked;
  const path = pathOf(url);
  if (ref !== null && (ref.length > LONGEST_REF || !REF.test(ref) || ref.endsWith('.lock') || ref.endsWith('/')))
    throw invalid('repo_ref', 'repo_ref is the name of a branch or a tag.');
  const directory = asked.directory ?? `${HOME}/${nameIn(path)}`;
  if (!DIRECTORY.test(directory) || directory.endsWith('/'))
    throw invalid('repo_directory', 'repo_directory is an absolute path in the guest, without . and .. in it.');
  return { url, ref, directory };
}

/** The part of the address that names the repository on its host. */
function pathOf(url: string): string {
  const byScheme = BY_SCHEME.exec(url)?.groups;
  const isPlain = url.length <= LONGEST_URL && PRINTABLE.test(url);
  if (!isPlain || (byScheme === undefined && !BY_HOST.test(url)))
    throw invalid(
      'repo_url',
      'repo_url is the address of a repository by https, http, git or ssh, or as user@host:path.',
    );
  if (byScheme === undefined) return BY_HOST.exec(url)?.groups?.['path'] ?? '';
  const { scheme = '', user } = byScheme;
  const mayNameUser = scheme === 'ssh' && user !== undefined && USER.test(user);
  if (user !== undefined && !mayNameUser)
    throw invalid('repo_url', 'What proves who you are is no part of repo_url: give it as the secret GIT_TOKEN.');
  return byScheme['path'] ?? '';
}

/** Its last part, as the name of a directory. */
function nameIn(path: string): string {
  const last = path.replace(/\/+$/, '').split(/[/:]/).at(-1) ?? '';
  const name = last.replace(/\.git$/, '').replaceAll(/[^A-Za-z0-9._-]/g, '-');
  return /^\.*$/.test(name) ? 'repository' : name.slice(0, 100);
}

function invalid(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'workspace.invalid_repository', details: { field } });
}

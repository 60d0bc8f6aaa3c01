/**
 * How secrets come to guests: as variables with each command, and as files in the memory of the guest before anybody gets to talk to
 * it. They are opened when they are needed, and held no longer than that.
 */
import { VolaryError } from '../../domain/errors.ts';
import { SECRETS_DIRECTORY, type SecretFile, type SecretGrant } from '../../domain/secret/grant.ts';
import { type Secret, sealingContext } from '../../domain/secret/secret.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Abortable, GuestLink } from '../../ports/guest-link.ts';
import type { EngineDeps } from '../deps.ts';
import { unknownSecret } from '../queries/find-secret.ts';
import { checkEnvironment } from './grants.ts';

export interface SecretDelivery {
  /**
   * Makes `/run/secrets` in the guest what this VM is to have there: what it is given, and nothing that another had before it. With
   * `isBooted`, that directory is known to be empty. Repeating it is safe. Throws `not_found` secret.unknown, `failed_precondition` secret.unfit_for_env,
   * `data_loss` sealer.*, and what the link throws.
   */
  deliver(vm: Vm, link: GuestLink, options: Abortable & { readonly isBooted: boolean }): Promise<void>;
  /** The variables that each command of this VM is given. Throws likewise. */
  environmentOf(vm: Vm): Promise<Readonly<Record<string, string>>>;
  /** All that this VM is given, as text, to be kept out of what is shown. What is there no more is left out. Throws `data_loss` sealer.*. */
  valuesOf(vm: Vm): Promise<readonly string[]>;
}

/** Of a moment in which many commands are begun, one is noted. */
const NOTE_USE_MS = 60_000;
/** Files that one call lists, far more than a VM is given. */
const MOST_FILES = 1_000;

export function createSecretDelivery({
  store,
  keyring,
  clock,
}: Pick<EngineDeps, 'store' | 'keyring' | 'clock'>): SecretDelivery {
  /** The secret behind a grant, still its owner's. */
  async function find(vm: Vm, { secretId, name }: SecretGrant): Promise<Secret> {
    const secret = await store.secrets.get(secretId);
    if (secret === null || secret.owner !== vm.owner) throw unknownSecret(name);
    return secret;
  }

  function open(secret: Secret): Uint8Array {
    return keyring.open(secret.sealed, sealingContext(secret));
  }

  async function noteUsed(secrets: readonly Secret[]): Promise<void> {
    const now = clock.now();
    const due = secrets.filter(({ lastUsedAt }) => lastUsedAt === null || now - lastUsedAt >= NOTE_USE_MS);
    if (due.length === 0) return;
    await store.secrets.noteUsed(
      due.map(({ id }) => id),
      now,
    );
  }

  return {
    async deliver(vm, link, { isBooted, signal }) {
      const inEnvironment: Secret[] = [];
      const files: { readonly file: SecretFile; readonly secret: Secret }[] = [];
      for (const grant of vm.secrets) {
        const secret = await find(vm, grant);
        if (grant.env !== null) inEnvironment.push(secret);
        if (grant.file !== null) files.push({ file: grant.file, secret });
      }
      // A machine that could not run a single command is told so now.
      checkEnvironment(inEnvironment);
      for (const secret of inEnvironment) open(secret);
      if (isBooted && files.length === 0) return;
      await prepareDirectory(
        link,
        files.map(({ file }) => file),
        signal,
      );
      for (const { file, secret } of files)
        await link.writeFile(file.path, once(open(secret)), { mode: file.mode, signal });
      await noteUsed(files.map(({ secret }) => secret));
    },
    async environmentOf(vm) {
      const variables: Record<string, string> = {};
      const used: Secret[] = [];
      for (const grant of vm.secrets) {
        if (grant.env === null) continue;
        const secret = await find(vm, grant);
        used.push(secret);
        variables[grant.env] = new TextDecoder('utf-8', { ignoreBOM: true }).decode(open(secret));
      }
      checkEnvironment(used);
      await noteUsed(used);
      return variables;
    },
    async valuesOf({ secrets, owner }) {
      const found = await Promise.all(secrets.map(({ secretId }) => store.secrets.get(secretId)));
      const own = found.filter((secret) => secret !== null).filter((secret) => secret.owner === owner);
      return own.map((secret) => new TextDecoder().decode(open(secret)));
    },
  };
}

/** Makes the directory as it has to be for these files, and removes others from it. */
async function prepareDirectory(link: GuestLink, files: readonly SecretFile[], signal: AbortSignal): Promise<void> {
  const mode = files.some((file) => (file.mode & 0o077) !== 0) ? 0o711 : 0o700;
  const found = await link.list(SECRETS_DIRECTORY, { limit: MOST_FILES, signal }).catch(nullIfAbsent);
  if (found !== null) {
    const { mode: present } = await link.stat(SECRETS_DIRECTORY, { followLinks: false, signal });
    if (files.length > 0 && (present & 0o7777) === mode && !found.hasMore) {
      await removeOthers(link, found.files, files, signal);
      return;
    }
    await link.remove(SECRETS_DIRECTORY, { isRecursive: true, signal });
  }
  if (files.length > 0) await link.makeDirectory(SECRETS_DIRECTORY, { mode, makeParents: true, signal });
}

async function removeOthers(
  link: GuestLink,
  present: readonly { readonly name: string }[],
  files: readonly SecretFile[],
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Set(files.map(({ path }) => path));
  for (const { name } of present) {
    const path = `${SECRETS_DIRECTORY}/${name}`;
    if (!wanted.has(path)) await link.remove(path, { isRecursive: true, signal });
  }
}

function nullIfAbsent(error: unknown): null {
  if (error instanceof VolaryError && error.reason === 'guest.no_such_file') return null;
  throw error;
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

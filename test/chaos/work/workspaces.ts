/** What clients do with workspaces: create them with steps, give them more time, delete them. */
import { type KnownWorkspace, possible } from '../book.ts';
import { answered, noted, type WorkDeps } from './asking.ts';
import { pickPlace } from './networks.ts';
import { LOG_PATH } from './vms.ts';

/** Half of those who have asked for one wait for it, so long at most. */
const WAIT_SECONDS = 5;
/** Longer than any storm. */
const TTL_SECONDS = 86_400;

/** Asks for something of a workspace, or for another one. */
export async function workOnWorkspaces(deps: WorkDeps): Promise<void> {
  const { client, book, random, bounds, signal } = deps;
  const workspaces = possible(book.workspaces);
  const entry = random.pick(workspaces.filter(({ deletion }) => deletion === null));
  if (workspaces.length < bounds.mostWorkspaces && (entry === undefined || random.isTrue(0.5)))
    return await createWorkspace(deps);
  if (entry === undefined) return;
  const { name } = entry;
  if (random.isTrue(0.4)) {
    const ttl = TTL_SECONDS + random.below(TTL_SECONDS);
    await noted(book, `extend ${name}`, () => client.workspaces.extend(name, ttl, { signal }));
    return;
  }
  entry.deletion = 'asked';
  await answered(book, `delete ${name}`, entry, 'deletion', () => client.workspaces.delete(name, { signal }));
}

async function createWorkspace(deps: WorkDeps): Promise<void> {
  const { client, book, random, signal } = deps;
  const name = `w${book.nextNumber()}`;
  const lines = Array.from({ length: 1 + random.below(3) }, (_, index) => `${name}-step-${index}`);
  const entry: KnownWorkspace = { name, creation: 'asked', deletion: null, lines };
  book.workspaces.push(entry);
  // Some are still at it when the server dies.
  const pause = random.isTrue(0.3) ? `sleep 0.${1 + random.below(3)} && ` : '';
  const request = {
    ...{ name, memory_mib: 128, ttl_seconds: TTL_SECONDS / 2 },
    prep_steps: lines.map((line) => `${pause}echo ${line} >> ${LOG_PATH} && sync`),
    ...pickPlace(deps),
  };
  await answered(book, `create ${name}`, entry, 'creation', () => client.workspaces.create(request, { signal }));
  if (random.isTrue(0.5)) await client.workspaces.wait(name, { timeoutSeconds: WAIT_SECONDS }, { signal });
}

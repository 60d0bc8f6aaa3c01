/** How clients ask, and remember what they were told. */
import { VolaryApiError, type VolaryClient } from '@volary/sdk';
import type { Book, KnownShared, Possible } from '../book.ts';
import type { Random } from '../random.ts';

export interface WorkDeps {
  readonly client: VolaryClient;
  readonly book: Book;
  readonly random: Random;
  readonly bounds: WorkBounds;
  /** Ends the work. */
  readonly signal: AbortSignal;
}

/** How much there is at a time. */
export interface WorkBounds {
  readonly mostVms: number;
  readonly mostDeployments: number;
  readonly mostReplicas: number;
  readonly mostWorkspaces: number;
  readonly mostNetworks: number;
  readonly mostVolumes: number;
  /** How busy a VM is, its label says. */
  readonly isSimulated: boolean;
  /** What some of the VMs are given. */
  readonly tools: readonly string[];
}

/** Half of the clients wait for what they have asked for; the others ask for more. */
export async function follow(
  { client, book, random, signal }: Pick<WorkDeps, 'client' | 'book' | 'random' | 'signal'>,
  operationId: string,
): Promise<void> {
  book.operations.add(operationId);
  if (random.isTrue(0.5)) await client.operations.finish(operationId, { signal });
}

/** Notes what the server answers: yes, no, or nothing. */
export async function answered<K extends string, T>(
  book: Book,
  what: string,
  entry: { [key in K]: unknown },
  field: K,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    const answer = await noted(book, what, ask);
    Object.assign(entry, { [field]: 'accepted' });
    return answer;
  } catch (error) {
    if (error instanceof VolaryApiError) Object.assign(entry, { [field]: field === 'deletion' ? null : 'refused' });
    throw error;
  }
}

export async function noted<T>(book: Book, what: string, ask: () => Promise<T>): Promise<T> {
  try {
    const answer = await ask();
    book.note(`${what}: yes`);
    return answer;
  } catch (error) {
    book.note(`${what}: ${error instanceof VolaryApiError ? error.reason : 'no answer'}`);
    throw error;
  }
}

/** Asks for another value of something; without an answer it may be either. */
export async function changed<T, A>(
  book: Book,
  what: string,
  wish: { readonly of: Possible<T>; readonly to: T },
  ask: () => Promise<A>,
): Promise<A> {
  const { of, to } = wish;
  of.push(to);
  try {
    const answer = await noted(book, what, ask);
    of.splice(0, of.length, to);
    return answer;
  } catch (error) {
    if (error instanceof VolaryApiError) of.pop();
    throw error;
  }
}

/** Works on something that nobody else works on meanwhile. */
export async function alone<T extends Pick<KnownShared, 'isBusy'>>(
  entry: T,
  act: (entry: T) => Promise<void>,
): Promise<void> {
  entry.isBusy = true;
  try {
    await act(entry);
  } finally {
    entry.isBusy = false;
  }
}

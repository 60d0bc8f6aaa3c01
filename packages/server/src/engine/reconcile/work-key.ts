/** The keys of the queue: each names a kind of work, and what there is to be worked on. */
import { type Id, type IdPrefix, parseId } from '../../domain/ids.ts';
import type { Abortable } from '../../ports/guest-link.ts';

/** The kinds of work, each with the prefix of the ids of what is worked on. */
const SUBJECTS = {
  vm: 'vm',
  image: 'op',
  tool: 'op',
  warm_template: 'op',
  template: 'op',
  prune: 'op',
  batch: 'op',
  deployment: 'dep',
  workspace: 'ws',
  volume: 'vol',
  snapshot: 'snap',
} as const satisfies Record<string, IdPrefix>;

export type WorkKind = keyof typeof SUBJECTS;

type SubjectId<Kind extends WorkKind> = Id<(typeof SUBJECTS)[Kind]>;

/** `kind:id`, with an id of that kind's. */
export type WorkKey = { readonly [Kind in WorkKind]: `${Kind}:${SubjectId<Kind>}` }[WorkKind];

/** Who does each kind of work. */
export type Workers = {
  readonly [Kind in WorkKind]: (id: SubjectId<Kind>, context: Abortable) => Promise<void> | void;
};

/** Has a key worked on by whoever does its kind of work. Throws RangeError for what is no such key. */
export async function workOn(workers: Workers, key: string, context: Abortable): Promise<void> {
  const kind = key.slice(0, Math.max(0, key.indexOf(':')));
  if (!isWorkKind(kind)) throw notAKey(key);
  await workOnKind(workers, kind, key, context);
}

async function workOnKind<Kind extends WorkKind>(
  workers: Workers,
  kind: Kind,
  key: string,
  context: Abortable,
): Promise<void> {
  const id = parseId(SUBJECTS[kind], key.slice(kind.length + 1));
  if (id === null) throw notAKey(key);
  await workers[kind](id, context);
}

function isWorkKind(kind: string): kind is WorkKind {
  return Object.hasOwn(SUBJECTS, kind);
}

function notAKey(key: string): RangeError {
  return new RangeError(`${key} is no key of any work`);
}

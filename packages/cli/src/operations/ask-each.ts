import { type Context, printJson } from '../context.ts';
import { reportError } from '../report-error.ts';

/**
 * Asks this of each, once and one after the other, and returns the answers. A fault is told when it happens and keeps the others from nothing; the exit code is
 * that of the first.
 */
export async function askEach<T>(
  context: Context,
  refs: Iterable<string>,
  ask: (ref: string) => Promise<T>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  let exitCode = 0;
  for (const ref of new Set(refs)) {
    try {
      answers.push(await ask(ref));
    } catch (error) {
      const code = reportError(error, context);
      exitCode ||= code;
    }
  }
  context.endWith(exitCode);
  return answers;
}

/** Has all removed that each of these names, and tells each that is gone by its title; with `--json`, `toJson` of all at the end. */
export async function removeNamed<T>(
  context: Context,
  refs: Iterable<string>,
  remove: (ref: string) => Promise<{ readonly items: readonly T[] }>,
  {
    titleOf,
    toJson = (items) => ({ items }),
  }: {
    readonly titleOf: (item: T) => string;
    readonly toJson?: (items: readonly T[]) => object;
  },
): Promise<void> {
  const isJson = context.globals.json === true;
  const removed = await askEach(context, refs, async (ref) => {
    const { items } = await remove(ref);
    if (!isJson) context.stdout.write(items.map((item) => `${titleOf(item)}\n`).join(''));
    return items;
  });
  if (isJson) printJson(context, toJson(removed.flat()));
}

import { type Context, printJson } from '../context.ts';
import { reportError } from '../report-error.ts';

/** What is being removed: its name, and the way to wait until it is gone. */
interface Removing {
  readonly name: string;
  readonly whenGone?: () => Promise<unknown>;
}

/**
 * Removes each of these, and tells each that is gone and each that is not, and why. One that cannot be removed does not keep the others from it; the exit code is that
 * of the first. All are begun before any is waited for.
 */
export async function removeEach(
  context: Context,
  refs: readonly string[],
  remove: (ref: string) => Promise<Removing>,
): Promise<void> {
  const isJson = context.globals.json === true;
  const removed: string[] = [];
  let exitCode = 0;
  const tell = (error: unknown): void => {
    const code = reportError(error, context);
    exitCode ||= code;
  };
  const begun: Removing[] = [];
  for (const ref of new Set(refs)) await remove(ref).then((each) => begun.push(each), tell);
  for (const { name, whenGone } of begun) {
    try {
      await whenGone?.();
      removed.push(name);
      if (!isJson) context.stdout.write(`${name}\n`);
    } catch (error) {
      tell(error);
    }
  }
  if (isJson) printJson(context, { removed });
  context.endWith(exitCode);
}

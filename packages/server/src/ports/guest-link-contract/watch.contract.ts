import { expect } from 'vitest';
import type { FileChange } from '../guest-link.ts';
import { type GuestLinkContext, inPieces } from './subject.contract.ts';

/** `watch`. What is asked for after the first `next` is seen: the guest does one thing after the other. */
export function watchLaws({ law, subject, newPath, options }: GuestLinkContext): void {
  /** Makes `change` happen under a watch, and reads changes until one satisfies `isLast`. */
  async function observe(
    path: string,
    isRecursive: boolean,
    change: () => Promise<void>,
    isLast: (seen: FileChange) => boolean,
  ): Promise<readonly FileChange[]> {
    const changes = subject()
      .link.watch(path, { ...options, isRecursive })
      [Symbol.asyncIterator]();
    const seen: FileChange[] = [];
    let next = changes.next();
    await change();
    for (;;) {
      const result = await next;
      if (result.done === true) throw new Error('the watch ended');
      seen.push(result.value);
      if (isLast(result.value)) break;
      next = changes.next();
    }
    await changes.return?.();
    return seen;
  }

  law('watch tells what was created, renamed and removed', async () => {
    const { link } = subject();
    const path = newPath();
    await link.makeDirectory(path, options);

    const seen = await observe(
      path,
      false,
      async () => {
        await link.makeDirectory(`${path}/made`, options);
        await link.rename(`${path}/made`, `${path}/moved`, options);
        await link.remove(`${path}/moved`, { ...options, isRecursive: false });
      },
      ({ kind, path: changed }) => kind === 'removed' && changed === 'moved',
    );

    // A guest may set a new directory's mode after it was made.
    expect(seen.filter(({ kind }) => kind !== 'attributes')).toEqual([
      { kind: 'created', path: 'made' },
      { kind: 'renamed_from', path: 'made' },
      { kind: 'renamed_to', path: 'moved' },
      { kind: 'removed', path: 'moved' },
    ]);
  });

  law('a recursive watch sees what happens in new directories too', async () => {
    const { link } = subject();
    const path = newPath();
    await link.makeDirectory(path, options);

    const seen = await observe(
      path,
      true,
      async () => {
        await link.makeDirectory(`${path}/in/deep`, { ...options, makeParents: true });
        await link.writeFile(`${path}/in/deep/file`, inPieces('x'), options);
      },
      ({ path: changed }) => changed === 'in/deep/file',
    );

    expect(seen).toContainEqual({ kind: 'created', path: 'in' });
  });

  law('watching what is not there is an error', async () => {
    const changes = subject().link.watch('/no/such/directory', { ...options, isRecursive: false });

    await expect(changes[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'not_found',
      reason: 'guest.no_such_file',
    });
  });

  law('a watch ends when its signal is aborted', async () => {
    const abort = new AbortController();
    const changes = subject().link.watch(subject().directory, { signal: abort.signal, isRecursive: false });
    const next = changes[Symbol.asyncIterator]().next();

    abort.abort(new Error('enough'));

    await expect(next).rejects.toThrow('enough');
  });
}

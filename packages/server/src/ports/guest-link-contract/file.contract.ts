import { expect } from 'vitest';
import { type GuestLinkContext, inPieces, readAll, run, shell, textOf } from './subject.contract.ts';

/** `readFile` and `writeFile`. */
export function fileLaws(context: GuestLinkContext): void {
  const { law, subject, newPath, options } = context;

  async function textAt(
    path: string,
    range: { readonly offset?: number; readonly length?: number } = {},
  ): Promise<string> {
    return textOf([await readAll((await subject().link.readFile(path, { ...options, ...range })).content)]);
  }

  law('a file comes back as it was written', async () => {
    const { link } = subject();
    const path = newPath();

    const written = await link.writeFile(path, inPieces('one ', 'two ', 'é'), { ...options, mode: 0o640 });
    const read = await link.readFile(path, options);

    expect(written).toBe(10);
    expect(read).toMatchObject({ sizeBytes: 10, mode: 0o640 });
    expect(Math.abs(read.modifiedAtMs - Date.now())).toBeLessThan(60_000);
    expect(textOf([await readAll(read.content)])).toBe('one two é');
  });

  law('an empty file is one', async () => {
    const path = newPath();

    expect(await subject().link.writeFile(path, inPieces(), options)).toBe(0);
    expect(await textAt(path)).toBe('');
    expect((await subject().link.stat(path, { ...options, followLinks: true })).mode).toBe(0o644);
  });

  law('a large file comes back as it was written', async () => {
    const { link } = subject();
    const path = newPath();
    const pieces = Array.from({ length: 100 }, (_, i) => new Uint8Array(60_000).fill(i));

    const written = await link.writeFile(path, inPieces(...pieces), options);
    const read = await readAll((await link.readFile(path, options)).content);

    expect(written).toBe(6_000_000);
    expect(read.length).toBe(6_000_000);
    expect(
      pieces.every((piece, i) => read.subarray(i * 60_000, (i + 1) * 60_000).every((byte) => byte === piece[0])),
    ).toBe(true);
  });

  law('a part of a file can be read', async () => {
    const path = newPath();
    await subject().link.writeFile(path, inPieces('0123456789'), options);

    expect(await textAt(path, { offset: 3, length: 4 })).toBe('3456');
    expect(await textAt(path, { offset: 8 })).toBe('89');
    expect(await textAt(path, { offset: 20 })).toBe('');
    expect(await textAt(path, { offset: 0, length: 0 })).toBe('');
  });

  law('a reader may stop early', async () => {
    const { link } = subject();
    const path = newPath();
    await link.writeFile(path, inPieces(new Uint8Array(3_000_000)), options);

    for await (const _ of (await link.readFile(path, options)).content) break;

    expect((await link.stat(path, { ...options, followLinks: true })).sizeBytes).toBe(3_000_000);
  });

  law('a file is new all at once: until then it is the old one', async () => {
    const { link } = subject();
    const path = newPath();
    await link.writeFile(path, inPieces('old'), options);
    let during = '';
    const content = (async function* () {
      yield* inPieces('new');
      during = await textAt(path);
      yield* inPieces('er');
    })();

    await link.writeFile(path, content, options);

    expect(during).toBe('old');
    expect(await textAt(path)).toBe('newer');
  });

  law('a write whose content fails leaves the file as it was, and nothing beside it', async () => {
    const { link } = subject();
    const path = newPath();
    const failure = new Error('the upload was cut');
    await link.makeDirectory(path, options);
    await link.writeFile(`${path}/file`, inPieces('old'), options);
    const content = (async function* () {
      yield* inPieces('new');
      throw failure;
    })();

    await expect(link.writeFile(`${path}/file`, content, options)).rejects.toBe(failure);

    expect(await textAt(`${path}/file`)).toBe('old');
    expect((await link.list(path, { ...options, limit: 10 })).files.map(({ name }) => name)).toEqual(['file']);
  });

  law('a write that is aborted leaves the file as it was', async () => {
    const { link } = subject();
    const path = newPath();
    await link.writeFile(path, inPieces('old'), options);
    const abort = new AbortController();
    const content = (async function* () {
      yield* inPieces('new');
      abort.abort(new Error('enough'));
      await new Promise<never>(() => undefined);
    })();

    await expect(link.writeFile(path, content, { signal: abort.signal })).rejects.toThrow('enough');

    expect(await textAt(path)).toBe('old');
  });

  law('a new content keeps the mode of the old one', async () => {
    const { link } = subject();
    const path = newPath();
    await link.writeFile(path, inPieces('#!/bin/sh\necho it runs\n'), { ...options, mode: 0o755 });

    await link.writeFile(path, inPieces('#!/bin/sh\necho it still runs\n'), options);

    expect((await run(context, shell(path))).stdout).toBe('it still runs\n');
  });

  law('parents are made if asked for, and only then', async () => {
    const { link } = subject();
    const path = `${newPath()}/a/b`;

    await expect(link.writeFile(path, inPieces('x'), options)).rejects.toMatchObject({
      code: 'not_found',
      reason: 'guest.no_such_file',
    });
    await link.writeFile(path, inPieces('x'), { ...options, makeParents: true });

    expect(await textAt(path)).toBe('x');
  });

  law('what cannot be read or written is said by code and errno', async () => {
    const { link } = subject();

    await expect(link.readFile('/no/such/file', options)).rejects.toMatchObject({
      code: 'not_found',
      reason: 'guest.no_such_file',
      details: { errno: 'ENOENT' },
    });
    await expect(link.readFile(subject().directory, options)).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'guest.invalid_path',
      details: { errno: 'EISDIR' },
    });
    await expect(link.writeFile(subject().directory, inPieces('x'), options)).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'guest.invalid_path',
    });
    for (const path of ['', `/${'x'.repeat(5_000)}`, '/a\0b']) {
      await expect(link.readFile(path, options)).rejects.toMatchObject({
        code: 'invalid_argument',
        reason: 'guest.invalid_path',
      });
    }
  });
}

import { expect } from 'vitest';
import { type GuestLinkContext, inPieces, run, shell } from './subject.contract.ts';

/** `list`, `stat`, `makeDirectory`, `remove`, `rename`. */
export function directoryLaws(context: GuestLinkContext): void {
  const { law, subject, newPath, options } = context;
  const names = async (path: string): Promise<readonly string[]> =>
    (await subject().link.list(path, { ...options, limit: 10_000 })).files.map(({ name }) => name);

  law('list names what is there, in byte order, with its kind', async () => {
    const path = newPath();
    await subject().link.makeDirectory(path, options);
    await subject().link.makeDirectory(`${path}/b`, { ...options, mode: 0o700 });
    await subject().link.writeFile(`${path}/a`, inPieces('123'), { ...options, mode: 0o600 });
    await run(context, shell(`ln -s /target ${path}/B; ln -s a ${path}/é`));

    const { files, hasMore } = await subject().link.list(path, { ...options, limit: 100 });

    expect(hasMore).toBe(false);
    expect(files).toMatchObject([
      { name: 'B', type: 'symlink', linkTarget: '/target' },
      { name: 'a', type: 'file', mode: 0o600, sizeBytes: 3, linkTarget: null },
      { name: 'b', type: 'directory', mode: 0o700, linkTarget: null },
      { name: 'é', type: 'symlink', linkTarget: 'a' },
    ]);
  });

  law('list goes page by page', async () => {
    const path = newPath();
    await subject().link.makeDirectory(path, options);
    await run(context, shell(`cd ${path}; for i in 0 1 2 3 4 5 6; do touch f$i; done`));

    const pages: string[][] = [];
    let after = '';
    for (let hasMore = true; hasMore; ) {
      const page = await subject().link.list(path, { ...options, limit: 3, after });
      pages.push(page.files.map(({ name }) => name));
      after = page.files.at(-1)?.name ?? '';
      hasMore = page.hasMore;
    }

    expect(pages).toEqual([['f0', 'f1', 'f2'], ['f3', 'f4', 'f5'], ['f6']]);
  });

  law('stat follows links if asked to', async () => {
    const { link } = subject();
    const path = newPath();
    await link.writeFile(path, inPieces('12345'), options);
    await run(context, shell(`ln -s ${path} ${path}-link`));

    expect(await link.stat(`${path}-link`, { ...options, followLinks: true })).toMatchObject({
      type: 'file',
      sizeBytes: 5,
    });
    expect(await link.stat(`${path}-link`, { ...options, followLinks: false })).toMatchObject({
      type: 'symlink',
      linkTarget: path,
    });
    expect(await link.stat('/dev/null', { ...options, followLinks: true })).toMatchObject({
      name: 'null',
      type: 'character',
    });
    await expect(link.stat(`${path}-none`, { ...options, followLinks: true })).rejects.toMatchObject({
      code: 'not_found',
      reason: 'guest.no_such_file',
    });
  });

  law('directories are made, with parents if asked for', async () => {
    const { link } = subject();
    const path = newPath();

    await expect(link.makeDirectory(`${path}/a/b`, options)).rejects.toMatchObject({ code: 'not_found' });
    await link.makeDirectory(`${path}/a/b`, { ...options, makeParents: true, mode: 0o750 });
    await link.makeDirectory(`${path}/a/b`, { ...options, makeParents: true });

    expect(await link.stat(`${path}/a/b`, { ...options, followLinks: false })).toMatchObject({
      type: 'directory',
      mode: 0o750,
    });
    await expect(link.makeDirectory(path, options)).rejects.toMatchObject({
      code: 'already_exists',
      reason: 'guest.file_exists',
    });
  });

  law('remove takes a directory with all in it only if asked to, and never follows a link', async () => {
    const { link } = subject();
    const path = newPath();
    await link.makeDirectory(`${path}/in/deep`, { ...options, makeParents: true });
    await link.writeFile(`${path}-kept`, inPieces('kept'), options);
    await run(context, shell(`ln -s ${path}-kept ${path}/link; ln -s / ${path}/in/root`));

    await expect(link.remove(path, { ...options, isRecursive: false })).rejects.toMatchObject({
      code: 'failed_precondition',
      reason: 'guest.refused',
      details: { errno: 'ENOTEMPTY' },
    });
    await link.remove(path, { ...options, isRecursive: true });

    await expect(link.stat(path, { ...options, followLinks: false })).rejects.toMatchObject({ code: 'not_found' });
    expect(await link.stat(`${path}-kept`, { ...options, followLinks: false })).toMatchObject({ sizeBytes: 4 });
    await expect(link.remove(path, { ...options, isRecursive: true })).rejects.toMatchObject({ code: 'not_found' });
  });

  law('rename moves, and takes the place of what is there', async () => {
    const { link } = subject();
    const path = newPath();
    await link.makeDirectory(path, options);
    await link.writeFile(`${path}/a`, inPieces('a'), options);
    await link.writeFile(`${path}/b`, inPieces('bb'), options);

    await link.rename(`${path}/a`, `${path}/b`, options);

    expect(await names(path)).toEqual(['b']);
    expect(await link.stat(`${path}/b`, { ...options, followLinks: false })).toMatchObject({ sizeBytes: 1 });
    await expect(link.rename(`${path}/a`, `${path}/c`, options)).rejects.toMatchObject({ code: 'not_found' });
  });
}

/**
 * A SQLite file of what may be lost without harm, such as logs and measurements. One that is damaged is put aside and begun anew, also when the damage is
 * noticed long after the opening, which reads little more than the first page: what comes is kept, whatever has become of what was there.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';

export interface ExpendableDatabase<Open> {
  /**
   * Works on the file, which is opened for the first who does. Where it turns out to be damaged, `work` is done once more with the new file: so all
   * that it changes is changed in transactions. Throws what `work` and the opening throw.
   */
  use<Result>(work: (open: Open) => Result): Promise<Result>;
  /** Puts the file aside if it is still the one that somebody else found damaged, as `fileId` told it. */
  putAside(fileId: number): Promise<void>;
  /** Waits until nothing more moves the file, and closes it; the next use opens it again. */
  close(): Promise<void>;
}

export interface ExpendableOptions<Open> {
  readonly path: string;
  /** Opens the file, and makes it where there is none; leaves nothing open if it throws. */
  readonly open: () => Open;
  readonly close: (open: Open) => Promise<void>;
  /** Told before the file is put aside. */
  readonly damaged: (error: unknown) => void;
}

export function createExpendableDatabase<Open>(options: ExpendableOptions<Open>): ExpendableDatabase<Open> {
  const { path, damaged } = options;
  let open: Open | null = null;
  /** Closing, or being put aside: whoever wants to work waits for that. */
  let leaving: Promise<void> | null = null;

  async function leave(then: () => void): Promise<void> {
    while (leaving !== null) await leaving;
    const left = open;
    open = null;
    const ended = left === null ? Promise.resolve() : options.close(left);
    leaving = ended.then(then).finally(() => {
      leaving = null;
    });
    await leaving;
  }

  async function beginAnew(error: unknown): Promise<void> {
    await leave(() => {
      damaged(error);
      renameSync(path, `${path}.damaged`);
      removeBeside(path);
    });
  }

  function attempt<Result>(work: (open: Open) => Result): Result {
    open ??= options.open();
    return work(open);
  }

  return {
    async use(work) {
      while (leaving !== null) await leaving;
      try {
        return attempt(work);
      } catch (error) {
        if (!isDamage(error)) throw error;
        await beginAnew(error);
        return attempt(work);
      }
    },
    async putAside(damagedId) {
      while (leaving !== null) await leaving;
      if (fileId(path) !== damagedId) return;
      await beginAnew(new Error('who reads it found it damaged'));
      attempt(() => undefined);
    },
    close: () => leave(() => undefined),
  };
}

/** What SQLite says of a file that is damaged, or is no database. */
function isDamage(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code);
}

/** By which a file is told from the one that took its place; null: there is none. */
export function fileId(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

/** Removes what SQLite has beside a database. */
export function removeBeside(path: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

/** The file was found damaged by who only reads it: who writes it can put it aside. */
export class DamageFound extends Error {
  readonly fileId: number;

  constructor(id: number, options: ErrorOptions) {
    super('the file is damaged', options);
    this.fileId = id;
  }
}

/** The same file for who only reads it: opened anew when another has taken its place. `use` throws `DamageFound` where it turns out to be damaged. */
export function createExpendableReader<Open>({
  path,
  open: openFile,
  close,
}: {
  readonly path: string;
  readonly open: () => Open;
  readonly close: (open: Open) => Promise<void>;
}): ExpendableDatabase<Open> {
  let open: { readonly id: number | null; readonly of: Open } | null = null;

  async function leave(): Promise<void> {
    const left = open;
    open = null;
    if (left !== null) await close(left.of);
  }

  return {
    async use(work) {
      const id = fileId(path);
      if (open?.id !== id) await leave();
      try {
        open ??= { id, of: openFile() };
        return work(open.of);
      } catch (error) {
        if (id === null || !isDamage(error)) throw error;
        throw new DamageFound(id, { cause: error });
      }
    },
    async putAside() {
      throw new TypeError('who only reads a file puts none aside');
    },
    close: leave,
  };
}

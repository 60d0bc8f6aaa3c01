import { describe, expect, it } from 'vitest';
import type { PasswordHasher } from './password-hasher.ts';

/** What is asked of every hasher. `make` returns one with the parameters of a server; `others` are hashes that others made of `hunter2 hunter2`. */
export function passwordHasherContract({
  name,
  make,
  others,
}: {
  readonly name: string;
  readonly make: () => PasswordHasher;
  readonly others: readonly string[];
}): void {
  describe(`${name}: contract of the password hasher`, () => {
    it('knows the password again, and no other', async () => {
      const hasher = make();
      const kept = await hasher.hash('correct horse battery staple');

      expect(await hasher.verify('correct horse battery staple', kept)).toBe(true);
      for (const wrong of ['correct horse battery stapl', 'Correct horse battery staple', '', kept]) {
        expect(await hasher.verify(wrong, kept)).toBe(false);
      }
    });

    it('keeps nothing of the password, and never the same twice', async () => {
      const hasher = make();
      const [one, other] = await Promise.all([hasher.hash('same-password'), hasher.hash('same-password')]);

      expect(one).not.toBe(other);
      expect(one).toMatch(/^\$[a-z0-9-]+\$/);
      expect(`${one}${other}`).not.toContain('same-password');
    });

    it('takes what one keyboard writes for what another does', async () => {
      const hasher = make();

      expect(await hasher.verify('pa\u0301sswo\u0308rd', await hasher.hash('p\u00e1ssw\u00f6rd'))).toBe(true);
    });

    it('knows no password where there is none', async () => {
      const hasher = make();

      for (const guess of ['', 'null', 'password']) expect(await hasher.verify(guess, null)).toBe(false);
    });

    it.each(others)('verifies %s, and would make it again', async (kept) => {
      const hasher = make();

      expect(await hasher.verify('hunter2 hunter2', kept)).toBe(true);
      expect(await hasher.verify('hunter2 hunter3', kept)).toBe(false);
      expect(hasher.needsRehash(kept)).toBe(true);
      expect(hasher.needsRehash(await hasher.hash('hunter2 hunter2'))).toBe(false);
    });

    it.each(['', 'plain', '$argon2id$', '$argon2id$v=19$m=99999999999,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g', '$2b$10$x'])(
      'says that %j is damaged, and takes no memory for it',
      async (kept) => {
        await expect(make().verify('password', kept)).rejects.toMatchObject({
          code: 'data_loss',
          reason: 'auth.damaged_hash',
        });
        expect(make().needsRehash(kept)).toBe(true);
      },
    );

    it('lets the event loop go on while many are at work', async () => {
      const hasher = make();
      const all = Promise.all(Array.from({ length: 8 }, () => hasher.hash('password')));
      let turns = 0;
      let isDone = false;
      const done = all.then(() => {
        isDone = true;
      });
      while (!isDone) {
        await new Promise<void>((resolve) => {
          setImmediate(resolve);
        });
        turns += 1;
      }
      await done;

      expect(turns).toBeGreaterThan(100);
    });
  });
}

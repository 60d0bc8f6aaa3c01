import { type Secret, sealingContext } from '../../domain/secret/secret.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Tables } from '../../ports/store.ts';

/** A table that holds what is sealed: it can be sealed anew. */
export interface Resealable {
  /** In what is answered about it: `secrets`. */
  readonly kind: string;
  /**
   * Seals anew, within the transaction of these tables, up to `limit` values that do not begin with `prefix`. Answers how many; 0 when
   * none is left. Throws `data_loss` sealer.* when one cannot be opened.
   */
  resealSome(
    tables: Tables,
    sealer: Sealer,
    which: { readonly prefix: string; readonly limit: number },
  ): Promise<number>;
}

const SECRETS: Resealable = {
  kind: 'secrets',
  async resealSome({ secrets }, sealer, { prefix, limit }) {
    const found = await secrets.listNotSealedBy(prefix, limit);
    for (const secret of found) await secrets.update(resealed(sealer, secret));
    return found.length;
  },
};

/** All that is sealed, wherever it lies. Whoever adds a table with something sealed adds it here. */
export const RESEALABLES: readonly Resealable[] = [SECRETS];

/** The same value; so neither its version nor when it was set changes. */
function resealed(sealer: Sealer, secret: Secret): Secret {
  const context = sealingContext(secret);
  return {
    ...secret,
    sealed: sealer.seal(sealer.open(secret.sealed, context), context),
    revision: secret.revision + 1,
  };
}

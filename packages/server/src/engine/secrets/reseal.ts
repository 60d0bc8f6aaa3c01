import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import { sealingContext } from '../../domain/secret/secret.ts';
import { type SigningSecret, signingContextOf, type Webhook } from '../../domain/webhook/webhook.ts';
import type { Sealer } from '../../ports/sealer.ts';
import type { Tables } from '../../ports/store.ts';
import { mfaContextOf } from '../identity/read-factor.ts';
import { signingKeyContextOf } from '../identity/token-keys.ts';

const PAGE = 200;

/** A table that holds what is sealed: it can be sealed anew. */
export interface Resealable {
  /** In what is answered about it: `secrets`. */
  readonly kind: string;
  /**
   * Seals anew, within the transaction of these tables, up to `limit` values that begin with `prefix`, which is that of an old key. Answers how
   * many; 0 when none is left. Throws `data_loss` sealer.* when one cannot be opened, by `resealed`.
   */
  resealSome(
    tables: Tables,
    sealer: Sealer,
    which: { readonly prefix: string; readonly limit: number },
  ): Promise<number>;
}

/** Neither the version nor the time of a value changes with that. */
const SECRETS: Resealable = {
  kind: 'secrets',
  async resealSome({ secrets }, sealer, { prefix, limit }) {
    const found = await secrets.listSealedBy(prefix, limit);
    for (const secret of found) {
      const sealed = resealed(
        sealer,
        `secret ${secret.name} of ${secret.owner}`,
        secret.sealed,
        sealingContext(secret),
      );
      await secrets.update({ ...secret, sealed, revision: secret.revision + 1 });
    }
    return found.length;
  },
};

/** Also of those that are not confirmed. What tells changes of the account apart stays. */
const SECOND_FACTORS: Resealable = {
  kind: 'second_factors',
  async resealSome({ users }, sealer, { prefix, limit }) {
    const found = await users.listMfaSealedBy(prefix, limit);
    for (const user of found) {
      if (user.mfa === null) continue;
      const what = `second factor of ${user.name}`;
      const sealedSecret = resealed(sealer, what, user.mfa.sealedSecret, mfaContextOf(user));
      await users.update({ ...user, mfa: { ...user.mfa, sealedSecret }, revision: user.revision + 1 });
    }
    return found.length;
  },
};

/** A handful: all of them at once. */
const SIGNING_KEYS: Resealable = {
  kind: 'signing_keys',
  async resealSome({ signingKeys }, sealer, { prefix }) {
    const found = (await signingKeys.list()).filter(({ sealedPrivateKey }) => sealedPrivateKey.startsWith(prefix));
    for (const { keyId, sealedPrivateKey } of found) {
      const context = signingKeyContextOf(keyId);
      await signingKeys.reseal(keyId, resealed(sealer, `key of tokens ${keyId}`, sealedPrivateKey, context));
    }
    return found.length;
  },
};

/** Few as well: all of them, and all the secrets of one that has any of the old key. What tells changes of its settings apart stays. */
const WEBHOOKS: Resealable = {
  kind: 'webhooks',
  async resealSome({ webhooks }, sealer, { prefix }) {
    const isOld = ({ isSealed, stored }: SigningSecret): boolean => isSealed && stored.startsWith(prefix);
    const found = (await everyWebhook(webhooks)).filter(({ secrets }) => secrets.some(isOld));
    for (const webhook of found) {
      const reseal = (secret: SigningSecret): SigningSecret =>
        isOld(secret)
          ? {
              ...secret,
              stored: resealed(sealer, `secret of the webhook ${webhook.id}`, secret.stored, signingContextOf(webhook)),
            }
          : secret;
      await webhooks.update({ ...webhook, secrets: webhook.secrets.map(reseal), revision: webhook.revision + 1 });
    }
    return found.length;
  },
};

/** All that is sealed, wherever it lies. Whoever adds a table with something sealed adds it here. */
export const RESEALABLES: readonly Resealable[] = [SECRETS, SECOND_FACTORS, SIGNING_KEYS, WEBHOOKS];

/** Page by page, however many there may be. */
async function everyWebhook(webhooks: Tables['webhooks']): Promise<readonly Webhook[]> {
  const all: Webhook[] = [];
  for (let page = await webhooks.list({ limit: PAGE, after: null }); page.length > 0; ) {
    all.push(...page);
    page = await webhooks.list({ limit: PAGE, after: page.at(-1)?.id ?? null });
  }
  return all;
}

/** The same value, sealed by the key that seals now. `what` names it for people. Throws `data_loss` sealer.* */
function resealed(sealer: Sealer, what: string, sealed: string, context: string): string {
  try {
    return sealer.seal(sealer.open(sealed, context), context);
  } catch (cause) {
    const { code, reason, message } = toVolaryError(cause);
    throw new VolaryError(code, `The ${what} cannot be opened: ${message}`, { reason, cause });
  }
}

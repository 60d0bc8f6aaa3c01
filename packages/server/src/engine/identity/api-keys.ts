import { VolaryError } from '../../domain/errors.ts';
import { type ApiKeyId, parseId } from '../../domain/ids.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { reachOf } from '../../domain/principal/principal.ts';
import { restrict, rightsOf } from '../../domain/principal/rights.ts';
import type { EpochMs } from '../../domain/time.ts';
import { type ApiKey, formatApiKey } from '../../domain/user/api-key.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import { ofOwner } from '../access/of-owner.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';
import type { ApiKeyApi, ApiKeyChange, CreateApiKeyRequest, MadeApiKey } from '../apis/user-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { bindKey, outcomeUnknown } from '../idempotency/claims.ts';
import { selectedPage } from '../queries/selected-page.ts';
import type { Claim, Once } from '../requests.ts';
import { findUser } from './find-user.ts';
import { requireCovers, rightsOver } from './granting.ts';
import type { IdentityDeps } from './identity-deps.ts';
import { requirePatterns } from './roles.ts';
import { rightsOfUser } from './roles-of.ts';

/** Keys of one user. */
const MOST_KEYS = 100;
const PREFIX_LENGTH = 8;
const SECRET_BYTES = 32;

export function createApiKeys(deps: IdentityDeps): ApiKeyApi {
  const { store, epoch } = deps;
  return {
    create: (principal, request, options) => createApiKey(deps, principal, request, options),
    async get(principal, id) {
      return await findApiKey(store, { principal, permission: 'api-key:read' }, id);
    },
    async list(principal, { owner, ...asked }) {
      authorise(principal, 'api-key:read');
      const reach = reachOf(principal, 'api-key:read');
      if (reach !== null && owner !== undefined && owner !== reach) return { items: [], next: null };
      return await selectedPage(asked, (page) => store.apiKeys.list({ ...page, ...ofOwner(owner ?? reach) }));
    },
    update: (principal, id, change) => updateApiKey(deps, principal, id, change),
    async revoke(principal, id) {
      try {
        await store.transaction(async (tables) => {
          const { name, owner } = await findApiKey(tables, { principal, permission: 'api-key:delete' }, id);
          await tables.apiKeys.delete(id);
          const target = auditTarget('api-key', { id, name });
          await recordAudit(tables, deps.clock, principal, { action: 'api-key.delete', target, details: { owner } });
        });
      } finally {
        epoch.advance();
      }
    },
  };
}

async function createApiKey(
  deps: IdentityDeps,
  principal: Principal,
  request: CreateApiKeyRequest,
  { once }: Once = {},
): Promise<MadeApiKey> {
  const owner = request.owner ?? principal.name;
  authorise(principal, 'api-key:create', { owner });
  const { permissions, expiresAt, name, labels } = request;
  checkLabels(labels);
  const now = deps.clock.now();
  if (permissions !== null) requirePatterns(permissions);
  // Also of what is no moment at all.
  if (expiresAt !== null && !(expiresAt > now)) throw invalidExpiry('The key would have expired already.');
  const { prefix, key, digest } = newKey(deps);
  try {
    return await deps.store.transaction(async (tables) => {
      const earlier = await takeBack(tables, once);
      const user = await findUser(tables, owner);
      await requireNotBeyond(tables, principal, expiresAt);
      const ownersRights = await rightsOfUser(tables, user);
      if (permissions !== null) requireCovers({ ...principal, rights: ownersRights }, rightsOf(permissions));
      const given = permissions === null ? ownersRights : restrict(ownersRights, rightsOf(permissions));
      requireCovers(principal, rightsOver(principal, user.name, given));
      if ((await tables.apiKeys.countOf(user.name)) >= MOST_KEYS) throw tooMany(user.name);
      const apiKey: ApiKey = {
        id: earlier ?? deps.ids.create('key'),
        ...{ name, owner: user.name, prefix, digest, permissions, labels, expiresAt },
        ...{ lastUsedAt: null, createdBy: principal.name, createdAt: now },
      };
      await tables.apiKeys.insert(apiKey);
      await recordAudit(tables, deps.clock, principal, {
        action: 'api-key.create',
        target: auditTarget('api-key', apiKey),
        details: { owner: user.name, permissions, expires_at: expiresAt },
      });
      if (earlier === null) await bindKey(tables, deps.clock, once, { kind: 'api_key', id: apiKey.id });
      return { apiKey, key };
    });
  } finally {
    deps.epoch.advance();
  }
}

/** What it is called, and its labels: nothing that gives rights. */
async function updateApiKey(
  deps: IdentityDeps,
  principal: Principal,
  id: ApiKeyId,
  change: ApiKeyChange,
): Promise<ApiKey> {
  authorise(principal, 'api-key:update');
  if (change.labels !== undefined) checkLabels(change.labels);
  return await deps.store.transaction(async (tables) => {
    const before = await findApiKey(tables, { principal, permission: 'api-key:update' }, id);
    const after: ApiKey = { ...before, ...change };
    await tables.apiKeys.update(after);
    const target = auditTarget('api-key', after);
    const changed = Object.keys(change);
    await recordAudit(tables, deps.clock, principal, {
      ...{ action: 'api-key.update', target },
      details: { owner: after.owner, changed },
    });
    return after;
  });
}

/** A key that ends lends nobody what lasts. Throws `invalid_argument` api_key.invalid_expiry. */
async function requireNotBeyond(
  { apiKeys }: Pick<Tables, 'apiKeys'>,
  { credential: { kind, id } }: Principal,
  expiresAt: EpochMs | null,
): Promise<void> {
  const usedId = kind === 'api_key' && id !== null ? parseId('key', id) : null;
  const end = usedId === null ? null : ((await apiKeys.get(usedId))?.expiresAt ?? null);
  if (end === null || (expiresAt !== null && expiresAt <= end)) return;
  throw invalidExpiry('The key would last longer than the one that you use.');
}

function newKey({ keyMaterial }: Pick<IdentityDeps, 'keyMaterial'>) {
  const prefix = keyMaterial.publicText(PREFIX_LENGTH);
  const key = formatApiKey(prefix, keyMaterial.secretText(SECRET_BYTES));
  return { prefix, key, digest: keyMaterial.digest(key) };
}

/**
 * Removes the key that this request made when it came first, since the answer that told it may never have been read, and no
 * copy was kept: another one takes its id. Throws `conflict` idempotency.outcome_unknown if the key has been used, or revoked, since.
 */
async function takeBack({ apiKeys }: Pick<Tables, 'apiKeys'>, once: Claim | undefined): Promise<ApiKeyId | null> {
  const effect = once?.effect ?? null;
  if (effect === null) return null;
  const made = effect.kind === 'api_key' ? await apiKeys.get(effect.id) : null;
  if (made === null || made.lastUsedAt !== null) throw outcomeUnknown();
  await apiKeys.delete(made.id);
  return made.id;
}

async function findApiKey({ apiKeys }: Pick<Tables, 'apiKeys'>, asker: Asker, id: ApiKeyId): Promise<ApiKey> {
  return requireVisible(asker, await apiKeys.get(id), 'api-key:read', () => unknownApiKey(id));
}

function unknownApiKey(id: ApiKeyId): VolaryError {
  return new VolaryError('not_found', `There is no API key ${id}.`, { reason: 'api_key.unknown' });
}

function invalidExpiry(message: string): VolaryError {
  return new VolaryError('invalid_argument', message, {
    reason: 'api_key.invalid_expiry',
    details: { field: 'expires_at' },
  });
}

function tooMany(owner: string): VolaryError {
  return new VolaryError('resource_exhausted', `${owner} has ${MOST_KEYS} keys, and there may be no more.`, {
    reason: 'api_key.too_many',
    details: { maximum: MOST_KEYS },
  });
}

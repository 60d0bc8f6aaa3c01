import { VolaryError } from '../../domain/errors.ts';
import { may, type Principal } from '../../domain/principal/principal.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import { type AskedOpenapi, asOpenapiDocument, INTERFACE_LIMITS } from '../../domain/workload/interface.ts';
import type { EngineDeps } from '../deps.ts';
import { withTimeout } from '../with-timeout.ts';

/** How long the other server may take, tries and all: whoever asked waits for it. */
const FETCH_MS = 20_000;

type FetchDeps = Pick<EngineDeps, 'documents' | 'clock'>;

/** Of a spec, what may be asked for in more ways than it is kept. */
interface AskedInterface {
  readonly openapi?: AskedOpenapi | null;
}

/**
 * What is asked for, with the OpenAPI document in it that another server has: fetched now, and never looked for again, so that what is made
 * of it does not change with that server. Only whoever may import from the host's own networks has such addresses asked. Throws as
 * `DocumentSource` does, `failed_precondition` openapi.not_openapi, `unavailable` download.unavailable when it takes too long.
 */
export async function withOpenapi<Asked extends AskedInterface>(
  deps: FetchDeps,
  principal: Principal,
  asked: Asked,
): Promise<Omit<Asked, 'openapi'> & Partial<Pick<VmSpec, 'openapi'>>> {
  const { openapi, ...others } = asked;
  if (openapi === undefined) return others;
  if (openapi?.kind !== 'url') return { ...others, openapi };
  return { ...others, openapi: { kind: 'document', document: await fetchOpenapi(deps, principal, openapi.url) } };
}

async function fetchOpenapi({ documents, clock }: FetchDeps, principal: Principal, url: string) {
  const isLocalAllowed = may(principal, 'image:import-local', null);
  const maxBytes = INTERFACE_LIMITS.openapiFetchedBytes;
  const found = await withTimeout(
    clock,
    FETCH_MS,
    new AbortController().signal,
    (signal) => documents.fetch(url, { maxBytes, isLocalAllowed, signal }),
    () => tooSlow(url),
  );
  return asOpenapiDocument(found);
}

function tooSlow(url: string): VolaryError {
  const { host } = new URL(url);
  return new VolaryError(
    'unavailable',
    `${host} takes longer than ${FETCH_MS / 1000} s to send the OpenAPI document.`,
    {
      reason: 'download.unavailable',
    },
  );
}

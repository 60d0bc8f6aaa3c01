import { VolaryError } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import { presentSpec } from '../../domain/vm/settings.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { WorkloadAction } from '../../domain/workload/interface.ts';
import { BadResponse, encodeRequest, readResponse } from '../../lib/http-message.ts';
import type { WorkloadAnswer, WorkloadInterface } from '../apis/workload-interface.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { findVm } from '../queries/find-vm.ts';
import { endPolitely } from '../sessions/end-politely.ts';
import type { GuestLinks } from '../sessions/guest-links.ts';
import type { Awaken } from '../suspend/awaken.ts';
import { withTimeout } from '../with-timeout.ts';
import { noAnswer, readDocument } from './read-document.ts';

type InterfaceDeps = Pick<EngineDeps, 'store' | 'clock'> & { readonly links: GuestLinks; readonly awaken: Awaken };

const HEAD_BYTES = 32_768;
const BODY_BYTES = 4_194_304;
const DOCUMENT_TIMEOUT_MS = 15_000;

export function createWorkloadInterface(deps: InterfaceDeps): WorkloadInterface {
  return {
    async openapi(principal, ref, { signal }) {
      const { spec, name } = await findVm(deps.store, { principal, permission: 'vm:read' }, ref);
      if (spec.openapi === null) throw noDocument(name);
      if (spec.openapi.kind === 'document') return spec.openapi.document;
      const vm = await deps.awaken(principal, ref, { cause: 'port', signal });
      const asked = { method: 'GET', path: spec.openapi.path, timeoutMs: DOCUMENT_TIMEOUT_MS } as const;
      const answer = await ask(deps, vm, asked, undefined, signal);
      if (answer.status !== 200) throw noAnswer(`it answers with ${answer.status}`);
      return readDocument(answer.body);
    },
    async act(principal, ref, { action, body }, { signal }) {
      const found = await findVm(deps.store, { principal, permission: 'vm:exec' }, ref);
      const wanted = Object.hasOwn(found.spec.actions, action) ? found.spec.actions[action] : undefined;
      if (wanted === undefined) throw unknownAction(found, action);
      const vm = await deps.awaken(principal, ref, { cause: 'port', signal });
      await recordAudit(deps.store, deps.clock, principal, {
        action: 'workload.act',
        target: auditTarget('vm', vm),
        details: { action },
      });
      return await ask(deps, vm, wanted, body, signal);
    },
  };
}

/** One request to the port of the workload, by way of the agent. */
async function ask(
  { links, clock }: InterfaceDeps,
  vm: Vm,
  { method, path, timeoutMs }: Pick<WorkloadAction, 'method' | 'path' | 'timeoutMs'>,
  body: Json | undefined,
  signal: AbortSignal,
): Promise<WorkloadAnswer> {
  const { workload } = presentSpec(vm);
  const port = workload?.port ?? null;
  if (workload === null || port === null) throw noAnswer('it has no port');
  const request = {
    ...{ method, path: `${workload.basePath}${path}`, host: `localhost:${port}` },
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: encode(body) }),
  };
  try {
    return await withTimeout(
      clock,
      timeoutMs,
      signal,
      async (limited) => {
        const link = await links.open(vm.id, { signal: limited });
        await using connection = await link.connect({ host: '', port }, { signal: limited });
        const onAbort = (): void => void connection[Symbol.asyncDispose]();
        limited.addEventListener('abort', onAbort, { once: true });
        try {
          await connection.write(encodeRequest(request));
          const bounds = { headBytes: HEAD_BYTES, bodyBytes: BODY_BYTES, method };
          const { status, headers, body: said } = await readResponse(connection.input, bounds);
          await endPolitely(connection);
          return { status, body: said, contentType: headers.get('content-type') ?? '' };
        } finally {
          limited.removeEventListener('abort', onAbort);
        }
      },
      () => new BadResponse(`there was none within ${timeoutMs} ms`),
    );
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof BadResponse) throw noAnswer(error.message);
    if (error instanceof VolaryError && error.reason === 'guest.refused')
      throw noAnswer('its port takes no connection');
    throw error;
  }
}

function encode(body: Json): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(body));
}

function noDocument(name: string): VolaryError {
  return new VolaryError('not_found', `${name} has no OpenAPI document.`, { reason: 'openapi.none' });
}

function unknownAction({ name, spec }: Vm, action: string): VolaryError {
  return new VolaryError('not_found', `${name} has no action ${action}.`, {
    reason: 'workload.unknown_action',
    details: { allowed: Object.keys(spec.actions) },
  });
}

import type { FastifyRequest } from 'fastify';
import { readActionOf } from '../domain/audit/actions.ts';
import type { AuditTarget } from '../domain/audit/audit.ts';
import type { ErrorCode, VolaryError } from '../domain/errors.ts';
import { isId } from '../domain/ids.ts';
import { NOBODY, type Principal } from '../domain/principal/principal.ts';
import type { Engine } from '../engine/engine.ts';
import { toApiError } from './problem-reply.ts';

/** With these, requests that only read are written down as well: somebody tries what is not allowed, or too often. */
const ALSO_OF_READING: readonly ErrorCode[] = ['unauthenticated', 'permission_denied', 'resource_exhausted'];
/** Parameters are shown before they have been checked. */
const MOST_CHARACTERS = 128;

/** Has the audit know of a request that is answered with an error. */
export function noteRefusal({ audit }: Engine, request: FastifyRequest, thrown: unknown): void {
  const error = toApiError(thrown);
  const { action, permission = 'none' } = request.routeOptions.config;
  if (action === undefined && !ALSO_OF_READING.includes(error.code)) return;
  if (isOfOperation(error)) return;
  const target = triedUserOf(error) ?? targetOf(request);
  audit.refused(principalOf(request), { action: action ?? readActionOf(permission), target, error });
}

/** What was asked for was accepted, and written down then; the operation tells that it failed. */
function isOfOperation({ context }: VolaryError): boolean {
  return typeof context['operationId'] === 'string';
}

/** Where nobody was made out, at least from where. A server that stops refuses before anybody is asked who it is. */
function principalOf(request: FastifyRequest): Principal {
  const principal: Principal | undefined = request.principal;
  return principal === undefined || principal === NOBODY ? { ...NOBODY, origin: request.origin } : principal;
}

/** Whose account a login was refused to, where there is such a one. The answer does not tell that. */
function triedUserOf({ context }: VolaryError): AuditTarget | null {
  const { triedUserId: id, triedUserName: name } = context;
  return typeof id === 'string' && typeof name === 'string' ? { kind: 'user', id, name } : null;
}

/** What the path is about: `/v1/vms/{ref}/start` a VM, by what it is called there. */
function targetOf({ routeOptions, params }: FastifyRequest): AuditTarget {
  const parts = routeOptions.url?.split('/') ?? [];
  const version = parts.findIndex((part) => /^v\d/.test(part));
  const collection = (version === -1 ? undefined : parts[version + 1]) ?? 'server';
  const kind = collection === 'system' || !collection.endsWith('s') ? collection : collection.slice(0, -1);
  const called = firstText(params);
  if (called === null) return { kind, id: null, name: null };
  return isId(called) ? { kind, id: called, name: null } : { kind, id: null, name: called };
}

function firstText(params: unknown): string | null {
  if (typeof params !== 'object' || params === null) return null;
  const [first] = Object.values(params);
  return typeof first === 'string' ? first.slice(0, MOST_CHARACTERS) : null;
}

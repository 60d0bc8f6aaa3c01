import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { VolaryError } from '../domain/errors.ts';
import { isIdempotencyKey, type KeptAnswer } from '../domain/idempotency/keyed-request.ts';
import type { EngineDeps } from '../engine/deps.ts';
import type { Engine } from '../engine/engine.ts';
import type { Claim, Once } from '../engine/requests.ts';
import { toApiError } from './problem-reply.ts';
import { invalidFields } from './validation.ts';

/** Headers of an answer that its repetition has too. */
const KEPT_HEADERS = ['content-type', 'location', 'etag', 'preference-applied'] as const;
/** After these nobody knows whether a guest has done what it was asked. */
const IN_DOUBT: readonly VolaryError['code'][] = [
  'unavailable',
  'aborted',
  'deadline_exceeded',
  'data_loss',
  'internal',
];

declare module 'fastify' {
  interface FastifyRequest {
    /** The JSON body as it came, for the fingerprint of a request with a key; else empty. */
    bodyText: string;
    /** Its claim on its `Idempotency-Key`; null without one, and when its answer is known already. */
    claim: Claim | null;
    /** What it is refused with. */
    fault: VolaryError | null;
  }
}

/**
 * `Idempotency-Key`, as HTTP has it: the header, the fingerprint of the request, and the answer to be repeated. What a
 * key means is the engine's.
 */
export interface IdempotencyKeys {
  /** Has all POSTs of the app heed the header: to be called before its routes are added. */
  honour(app: FastifyInstance): void;
  /** Tells what the request is going to be refused with. */
  noteFault(request: FastifyRequest, thrown: unknown): void;
  /** The request is being answered by a stream, which is not kept. */
  letGo(request: FastifyRequest): void;
}

/** The request's claim, for the call that takes effect. */
export function onceOf({ claim }: FastifyRequest): Once {
  return claim === null ? {} : { once: claim };
}

export function createIdempotencyKeys({
  engine: { idempotency },
  log,
}: {
  readonly engine: Engine;
  readonly log: EngineDeps['log'];
}): IdempotencyKeys {
  function letGo(request: FastifyRequest): void {
    if (request.claim !== null) idempotency.release(request.claim);
  }

  /** True if the request has been answered here. */
  async function claim(request: FastifyRequest, reply: FastifyReply, key: string): Promise<boolean> {
    const { keyed } = request.routeOptions.config;
    if (keyed === undefined) return false;
    const fingerprint = idempotency.fingerprintOf(`${request.method} ${request.url}\n${request.bodyText}`);
    const mine = await idempotency.claim(request.principal, { key, fingerprint, requestId: request.id });
    if (mine.effect !== null) reply.header('idempotency-replayed', 'true');
    if (mine.answer !== null) {
      await reply.code(mine.answer.status).headers(mine.answer.headers).send(bodyOf(mine.answer));
      return true;
    }
    request.claim = mine;
    if (keyed === 'in-guest') await idempotency.begin(mine);
    return false;
  }

  /** Keeps what is about to be answered, or gives the key back where nothing was done. */
  async function settle(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<void> {
    const { claim: mine, fault, routeOptions } = request;
    if (mine === null) return;
    const { keyed } = routeOptions.config;
    const isInGuest = keyed === 'in-guest';
    // Without an answer that is kept, it is made again from the effect: no secret of it lies about.
    if (keyed === 'untold') return;
    if (fault === null || isOfOperation(fault)) await keep(mine, reply, payload);
    else if (isInGuest && mine.effect === null && !IN_DOUBT.includes(fault.code)) await idempotency.withdraw(mine);
  }

  async function keep(mine: Claim, reply: FastifyReply, payload: unknown): Promise<void> {
    if (typeof payload !== 'string' && payload !== undefined && payload !== null) return;
    const kept = KEPT_HEADERS.flatMap((name) => {
      const value = reply.getHeader(name);
      return value === undefined ? [] : [[name, String(value)] as const];
    });
    await idempotency.keep(mine, {
      status: reply.statusCode,
      headers: Object.fromEntries(kept),
      body: payload ?? '',
    });
  }

  return {
    honour(app) {
      app.decorateRequest('bodyText', '');
      app.decorateRequest('claim', null);
      app.decorateRequest('fault', null);
      app.addHook('preHandler', (request, reply, done) => {
        const key = keyOf(request);
        if (key === null) return done();
        claim(request, reply, key).then((isAnswered) => {
          if (!isAnswered) done();
        }, done);
      });
      app.addHook('onSend', (request, reply, payload, done) => {
        if (request.claim === null) return done(null, payload);
        settle(request, reply, payload)
          // The answer is true whether or not it is kept: without that, it is made again from its effect.
          .catch((error: unknown) => log.warn('an answer was not kept', { requestId: request.id, error }))
          .finally(() => {
            letGo(request);
            done(null, payload);
          });
      });
    },
    noteFault(request, thrown) {
      if (request.claim !== null) request.fault = toApiError(thrown);
    },
    letGo,
  };
}

/** The key that the request carries; null without one. Throws `invalid_argument` request.invalid. */
function keyOf({ method, headers }: FastifyRequest): string | null {
  const key = headers['idempotency-key'];
  if (method !== 'POST' || key === undefined) return null;
  if (typeof key === 'string' && isIdempotencyKey(key)) return key;
  throw invalidFields([
    {
      field: 'Idempotency-Key',
      message: 'must be 1 to 255 printable ASCII characters',
      allowed: { minLength: 1, maxLength: 255 },
    },
  ]);
}

/** Nothing more will come of an operation that has failed: its error is what the request is answered with for good. */
function isOfOperation({ context }: VolaryError): boolean {
  return typeof context['operationId'] === 'string';
}

function bodyOf({ body }: KeptAnswer): string | undefined {
  return body === '' ? undefined : body;
}

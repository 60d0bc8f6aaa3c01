import type { EventEmitter } from 'node:events';
import type { FastifyReply } from 'fastify';
import { VolaryError } from '../domain/errors.ts';

/** What says that it has closed, and may have before. */
type Closing = EventEmitter & { readonly destroyed?: boolean };

/** Ends what requests wait for: when the caller is gone, or the server stops. */
export interface RequestSignals {
  /** Aborted when the request is over, be it that its answer is complete or that the caller is gone, or the server stops. */
  of(reply: FastifyReply): AbortSignal;
  /** The same for what goes on after its request: aborted when this has closed, or the server stops. */
  until(closed: Closing): AbortSignal;
  readonly isStopping: boolean;
  /** Ends all that waits, now and from now on, with `unavailable` server.stopping. */
  stop(): void;
}

export function createRequestSignals(): RequestSignals {
  const waiting = new Set<AbortController>();
  let isStopping = false;

  function until(closed: Closing): AbortSignal {
    const controller = new AbortController();
    if (closed.destroyed === true) {
      controller.abort(clientGone());
      return controller.signal;
    }
    if (isStopping) controller.abort(stopping());
    waiting.add(controller);
    closed.once('close', () => {
      waiting.delete(controller);
      controller.abort(clientGone());
    });
    return controller.signal;
  }

  return {
    get isStopping() {
      return isStopping;
    },
    of: (reply) => until(reply.raw),
    until,
    stop: () => {
      isStopping = true;
      for (const controller of waiting) controller.abort(stopping());
      waiting.clear();
    },
  };
}

/** What is answered while the server stops. */
export function stopping(): VolaryError {
  return new VolaryError('unavailable', 'The server is stopping.', {
    reason: 'server.stopping',
    details: { component: 'server' },
  });
}

/** What ends where nobody waits any more. */
export function clientGone(): VolaryError {
  return new VolaryError('aborted', 'The caller closed the connection.', { reason: 'request.client_gone' });
}

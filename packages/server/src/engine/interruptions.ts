import { VolaryError } from '../domain/errors.ts';

/** Work on things, one at a time on each, which is ended when something else is wanted of its thing. */
export interface Interruptions<Id> {
  /** Does it, with a signal that is aborted when `signal` is or the work is interrupted. */
  during<T>(id: Id, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Ends the work under way on it, if there is any, with `aborted` operation.superseded. */
  interrupt(id: Id): void;
}

export function createInterruptions<Id>(): Interruptions<Id> {
  const underWay = new Map<Id, AbortController>();
  return {
    async during(id, signal, work) {
      const controller = new AbortController();
      underWay.set(id, controller);
      try {
        return await work(AbortSignal.any([signal, controller.signal]));
      } finally {
        underWay.delete(id);
      }
    },
    interrupt: (id) =>
      underWay
        .get(id)
        ?.abort(new VolaryError('aborted', 'Something else is wanted now.', { reason: 'operation.superseded' })),
  };
}

/**
 * A store that counts what is committed through it: events, and operations that are over, whose spans it tells of. Whatever part of the engine ends an operation does so by
 * writing it, so that none has to be told to.
 */
import type { NewEvent } from '../../domain/events.ts';
import { isFinal, type Operation } from '../../domain/operation/operation.ts';
import type { Store, Tables } from '../../ports/store.ts';
import type { Tracer } from '../../ports/tracer.ts';
import { recordOperation } from '../tracing/operation-span.ts';
import type { Measures } from './measures.ts';

interface Written {
  readonly events: (readonly NewEvent[])[];
  readonly operations: Operation[];
}

export function meteredStore(
  store: Store,
  measures: Pick<Measures, 'events' | 'operations'>,
  tracer: Tracer | null,
): Store {
  function count({ events, operations }: Written): void {
    for (const { type } of events.flat()) measures.events.add({ type });
    for (const operation of operations) {
      if (tracer !== null) recordOperation(tracer, operation);
      const { kind, state, createdAt, completedAt } = operation;
      // The clock may have been set back meanwhile.
      const tookMs = Math.max(0, (completedAt ?? createdAt) - createdAt);
      measures.operations.observe({ kind, result: state }, tookMs / 1_000);
    }
  }

  const transaction: Store['transaction'] = async (work) => {
    const written: Written = { events: [], operations: [] };
    const result = await store.transaction((tables) => work(noting(tables, written)));
    count(written);
    return result;
  };

  return {
    ...store,
    events: { ...store.events, append: (added) => transaction(({ events }) => events.append(added)) },
    operations: {
      ...store.operations,
      insert: (operation) => transaction(({ operations }) => operations.insert(operation)),
      update: (operation) => transaction(({ operations }) => operations.update(operation)),
    },
    transaction,
  };
}

/** The tables, noting what is written through them. */
function noting({ events, operations, ...others }: Tables, written: Written): Tables {
  const noteOperation = (operation: Operation): void => {
    if (isFinal(operation.state)) written.operations.push(operation);
  };
  return {
    ...others,
    events: {
      ...events,
      async append(added) {
        const result = await events.append(added);
        written.events.push(added);
        return result;
      },
    },
    operations: {
      ...operations,
      async insert(operation) {
        await operations.insert(operation);
        noteOperation(operation);
      },
      async update(operation) {
        await operations.update(operation);
        noteOperation(operation);
      },
    },
  };
}

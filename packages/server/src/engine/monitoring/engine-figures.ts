import { ALERT_KINDS } from '../../domain/alert/alert.ts';
import type { Meter } from '../../ports/meter.ts';
import type { Queue } from '../../ports/queue.ts';
import type { Store } from '../../ports/store.ts';
import type { Tracer } from '../../ports/tracer.ts';
import type { SparePool } from '../warm/spare-pool.ts';
import { one } from './host-figures.ts';

interface EngineFigureDeps {
  readonly store: Pick<Store, 'operations' | 'events' | 'alerts'>;
  readonly queue: Pick<Queue, 'depth'>;
  readonly pool: Pick<SparePool, 'list'>;
  readonly tracer: Pick<Tracer, 'counts'> | null;
}

/** Defines what is told of the work that lies before the engine; the function looks at it now. */
export function createEngineFigures(
  meter: Meter,
  { store, queue, pool, tracer }: EngineFigureDeps,
): () => Promise<void> {
  const depth = meter.gauge({
    name: 'volary_queue_keys',
    help: 'What waits to be looked at: due and not yet begun, for a later time, and being worked on.',
    labels: ['state'],
  });
  const active = meter.gauge({
    name: 'volary_operations_active',
    help: 'Operations that are not over, by state.',
    labels: ['state'],
  });
  const spares = meter.gauge({ name: 'volary_pool_spares', help: 'Spare machines in the pool.', labels: [] });
  const firing = meter.gauge({ name: 'volary_alerts', help: 'Alerts of VMs that fire, by kind.', labels: ['kind'] });
  const sequence = meter.counter({
    name: 'volary_event_sequence_total',
    help: 'Sequence of the last event of the log.',
    labels: [],
  });

  const spans = meter.counter({
    name: 'volary_trace_spans_total',
    help: 'Spans of traces that were exported, and that were lost since nobody took them; nothing where none are wanted.',
    labels: ['result'],
  });

  return async () => {
    const operations = await store.operations.listActive();
    const isIn = (state: string): number => operations.filter((operation) => operation.state === state).length;
    active.replace(['pending', 'running'].map((state) => ({ labels: { state }, value: isIn(state) })));
    depth.replace(Object.entries(queue.depth()).map(([state, value]) => ({ labels: { state }, value })));
    const alerts = await store.alerts.listFiring();
    const isOf = (kind: string): number => alerts.filter((alert) => alert.kind === kind).length;
    firing.replace(ALERT_KINDS.map((kind) => ({ labels: { kind }, value: isOf(kind) })));
    spares.replace(one(pool.list().length));
    sequence.replace(one((await store.events.bounds()).last));
    spans.replace(Object.entries(tracer?.counts() ?? {}).map(([result, value]) => ({ labels: { result }, value })));
  };
}

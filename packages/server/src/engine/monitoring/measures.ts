import type { Meter } from '../../ports/meter.ts';

/** What the engine measures while it works. What is looked up when somebody asks is in `figures.ts` and the files beside it. */
export type Measures = ReturnType<typeof createMeasures>;

/** From a millisecond, as a restored machine's step may take, to what a boot under emulation does. */
const STEP_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
const OPERATION_SECONDS = [0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const LAG_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** Defines them. A meter has each of them once. */
export function createMeasures(meter: Meter) {
  return {
    requests: meter.histogram({
      name: 'volary_http_request_duration_seconds',
      help: 'From the head of a request to the end of its answer, by the template of its route. Those that wait or stream last as long as they are asked to.',
      labels: ['method', 'route', 'status'],
      buckets: REQUEST_SECONDS,
    }),
    operations: meter.histogram({
      name: 'volary_operation_duration_seconds',
      help: 'Operations that are over, by kind and result, from their acceptance to their end.',
      labels: ['kind', 'result'],
      buckets: OPERATION_SECONDS,
    }),
    events: meter.counter({
      name: 'volary_events_total',
      help: 'Events that were written, by type.',
      labels: ['type'],
    }),
    eventLag: meter.histogram({
      name: 'volary_event_lag_seconds',
      help: 'From an event to its being handed to those who follow; nothing while nobody does.',
      labels: [],
      buckets: LAG_SECONDS,
    }),
    reconciles: meter.histogram({
      name: 'volary_reconcile_duration_seconds',
      help: 'Looks at one VM, with all steps that they led to.',
      labels: [],
      buckets: STEP_SECONDS,
    }),
    steps: meter.histogram({
      name: 'volary_step_duration_seconds',
      help: 'Steps of operations on VMs, by name and result. wake-machine is what a suspended VM takes to go on.',
      labels: ['step', 'result'],
      buckets: STEP_SECONDS,
    }),
    restores: meter.histogram({
      name: 'volary_restore_duration_seconds',
      help: 'What VMs that have not to boot take to the first answer of their agent, by what they go on from.',
      labels: ['from'],
      buckets: STEP_SECONDS,
    }),
    spares: meter.counter({
      name: 'volary_pool_requests_total',
      help: 'VMs that a spare machine was looked for in the pool, and whether there was one.',
      labels: ['result'],
    }),
  };
}

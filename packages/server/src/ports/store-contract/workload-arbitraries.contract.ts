import fc from 'fast-check';
import { idFromUuid } from '../../domain/ids.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Probe } from '../../domain/workload/health-check.ts';
import { ACTION_METHODS } from '../../domain/workload/interface.ts';
import {
  WORKLOAD_RESTARTS,
  WORKLOAD_STATES,
  WORKLOAD_TYPES,
  type WorkloadStatus,
} from '../../domain/workload/workload.ts';

const words = fc.string({ unit: 'binary', maxLength: 12 });
const texts = fc.dictionary(words, words, { maxKeys: 4, noNullPrototype: true });
const object: fc.Arbitrary<JsonObject> = texts;
const small = fc.nat(100_000);
const moment = fc.nat(2 ** 42);
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });

/** How any workload may be. */
export const anyWorkloadStatus: fc.Arbitrary<WorkloadStatus> = fc.record({
  executionId: orNull(fc.uuid().map((uuid) => idFromUuid('exec', uuid))),
  incarnation: small,
  state: fc.constantFrom(...WORKLOAD_STATES),
  runs: small,
  lastExitCode: orNull(small),
  lastSignal: orNull(words),
  lastExitAt: orNull(moment),
  message: orNull(words),
});

const anyProbe: fc.Arbitrary<Probe> = fc.oneof(
  fc.record({ type: fc.constant('tcp' as const), port: small }),
  fc.record({ type: fc.constant('exec' as const), argv: fc.array(words, { maxLength: 3 }) }),
  fc.record({
    type: fc.constant('http' as const),
    port: small,
    path: words,
    statuses: fc.record({ minimum: small, maximum: small }),
  }),
);

/** What runs in a VM. */
export const anyWorkloadFields = {
  environment: texts,
  workload: orNull(
    fc.record({
      type: fc.constantFrom(...WORKLOAD_TYPES),
      argv: orNull(fc.array(words, { maxLength: 3 })),
      port: orNull(small),
      basePath: words,
      environment: texts,
      workingDirectory: words,
      user: words,
      restart: fc.constantFrom(...WORKLOAD_RESTARTS),
      restartDelayMs: small,
      longestRestartDelayMs: small,
    }),
  ),
  healthCheck: orNull(
    fc.record({
      probe: anyProbe,
      intervalMs: small,
      timeoutMs: small,
      startPeriodMs: small,
      healthyThreshold: small,
      unhealthyThreshold: small,
    }),
  ),
  openapi: orNull(
    fc.oneof(
      fc.record({ kind: fc.constant('document' as const), document: object }),
      fc.record({ kind: fc.constant('path' as const), path: words }),
    ),
  ),
  actions: fc.dictionary(
    words,
    fc.record({ description: words, method: fc.constantFrom(...ACTION_METHODS), path: words, timeoutMs: small }),
    { maxKeys: 3, noNullPrototype: true },
  ),
};

import type { Operation } from '../../domain/operation/operation.ts';
import type { Tracer } from '../../ports/tracer.ts';

/**
 * Tells of an operation that is over. Its span was planned when it was accepted, and is made of what is stored: so there is one,
 * from the acceptance to the end, however many servers have worked on it.
 */
export function recordOperation(tracer: Tracer, operation: Operation): void {
  const { trace, kind, subject, state, error, createdAt, completedAt } = operation;
  if (trace === null || completedAt === null) return;
  tracer.record(trace, {
    name: kind,
    attributes: {
      'volary.operation.id': operation.id,
      'volary.operation.state': state,
      'volary.subject.kind': subject.kind,
      'volary.subject.name': subject.name,
      ...('id' in subject ? { 'volary.subject.id': subject.id } : {}),
    },
    startedAt: createdAt,
    // The clock may have been set back meanwhile.
    completedAt: Math.max(createdAt, completedAt),
    events: operation.steps.flatMap(({ name, state: ended, attempt, startedAt, completedAt: at, message }) =>
      ended === 'failed'
        ? [{ name: 'step failed', at: at ?? startedAt, attributes: { step: name, attempt, message: message ?? '' } }]
        : [],
    ),
    fault: state === 'failed' && error !== null ? error : null,
  });
}

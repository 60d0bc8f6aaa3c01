import { VolaryError } from '../../../domain/errors.ts';
import { isFinal, type Operation } from '../../../domain/operation/operation.ts';
import type { Waiting } from '../../../engine/apis/waiting.ts';
import type { Engine } from '../../../engine/engine.ts';
import { failureOf } from '../../operation-failure.ts';
import { TELLER } from '../../teller.ts';

/** Why the operation failed; null when it succeeded. Throws `deadline_exceeded` operation.deadline if it has not ended by then. */
export async function outcomeOf(
  { operations }: Pick<Engine, 'operations'>,
  { id }: Pick<Operation, 'id'>,
  waiting: Waiting,
): Promise<VolaryError | null> {
  const operation = await operations.wait(TELLER, id, waiting);
  if (isFinal(operation.state)) return failureOf(operation);
  throw new VolaryError('deadline_exceeded', 'It goes on, but was not done in time.', {
    reason: 'operation.deadline',
    details: { operation_id: id },
  });
}

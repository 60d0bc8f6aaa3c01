import type { VolaryError } from '../../../domain/errors.ts';
import { STATUS_CODES } from '../../../lib/node-http.ts';
import { statusOf } from '../../errors-to-status.ts';
import { toApiError } from '../../problem-reply.ts';
import { answerFault } from '../answer-fault.ts';

/** What the document answers otherwise than HTTP would have it. */
const STATUSES: ReadonlyMap<string, number> = new Map([['vm.not_running', 400]]);
/** What it says in words of its own. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['vm.unknown', 'VM not found'],
  ['operation.unknown', 'Task not found'],
  ['execution.unknown', 'Task not found'],
]);

export interface FaultBody {
  readonly error: string;
  readonly message: string;
  readonly code: number;
}

/** `{"error", "message", "code"}`, as the document has it. */
export function toFault(thrown: unknown): FaultBody {
  const error = toApiError(thrown);
  const code = codeOf(error);
  return { error: STATUS_CODES[code] ?? 'Error', message: WORDS.get(error.reason) ?? error.message, code };
}

/** Answers with the error in that shape. */
export const sendFault = answerFault((error) => {
  const body = toFault(error);
  return { status: body.code, body };
});

function codeOf(error: VolaryError): number {
  return STATUSES.get(error.reason) ?? statusOf(error);
}

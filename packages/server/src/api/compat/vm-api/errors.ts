import type { VolaryError } from '../../../domain/errors.ts';
import { statusOf } from '../../errors-to-status.ts';
import { answerFault } from '../answer-fault.ts';

/** `{"error": …}`, as the document has it, with the status that the fault has in HTTP. */
export const sendFault = answerFault((error) => ({ status: statusOf(error), body: { error: wordsOf(error) } }));

/** What it means in the words of the document, where that has some. */
function wordsOf({ reason, message }: VolaryError): string {
  return reason === 'workspace.unknown' ? 'Workspace not found' : message;
}

import type { JsonObject } from '@volary/contract';
import type { ErrorCode, VolaryError } from '../../../domain/errors.ts';
import { statusOf as nativeStatusOf } from '../../errors-to-status.ts';
import { answerFault } from '../answer-fault.ts';
import type { Fault } from './schemas.ts';

/** What each code is here. Does not compile until every code has an answer; null: what HTTP has for it. */
const STATUSES: Readonly<Record<ErrorCode, number | null>> = {
  invalid_argument: null,
  unauthenticated: 401,
  permission_denied: 403,
  not_found: null,
  already_exists: 409,
  failed_precondition: 409,
  conflict: 409,
  resource_exhausted: null,
  // What cannot be done here is asked for in vain.
  unsupported: 400,
  aborted: 409,
  deadline_exceeded: 504,
  unavailable: 503,
  data_loss: 500,
  internal: 500,
};

/** Codes of the document, and those that were decided for it. Other reasons are their own code. */
const CODES: ReadonlyMap<string, string> = new Map([
  ['vm.unknown', 'vm_not_found'],
  ['vm.invalid_ref', 'vm_not_found'],
  ['template.unknown', 'plugin_not_found'],
  ['deployment.unknown', 'deployment_not_found'],
  ['openapi.none', 'openapi_not_found'],
  ['vm.name_taken', 'vm_exists'],
  ['template.exists', 'plugin_exists'],
  ['template.in_use', 'plugin_in_use'],
  ['template.disabled', 'plugin_disabled'],
  ['template.built_in', 'plugin_built_in'],
  ['deployment.name_taken', 'deployment_exists'],
  ['deployment.invalid_replicas', 'invalid_replicas'],
  ['vm.invalid_name', 'invalid_name'],
  ['deployment.invalid_name', 'invalid_name'],
  ['template.invalid_name', 'invalid_name'],
  ['vm.cloud_init_unsupported', 'cloud_init_unsupported'],
  ['download.checksum_mismatch', 'checksum_mismatch'],
  ['request.invalid', 'invalid_request'],
  ['internal.unexpected', 'internal_error'],
]);

const NOT_FOUND: ReadonlyMap<string, string> = new Map([
  ['vm_not_found', 'VM not found'],
  ['plugin_not_found', 'Plugin not found'],
  ['deployment_not_found', 'Deployment not found'],
]);

/** `{"error": …, "code": …, "details": {…}}`, as the document has it. */
export const sendFault = answerFault((error) => ({ status: statusOf(error), body: toFault(error) }));

export function toFault(error: VolaryError): Fault {
  const code = CODES.get(error.reason) ?? error.reason.replaceAll('.', '_');
  return { error: NOT_FOUND.get(code) ?? error.message, code, details: detailsOf(error) };
}

function statusOf(error: VolaryError): number {
  if (error.reason === 'vm.invalid_ref') return 404;
  return STATUSES[error.code] ?? nativeStatusOf(error);
}

/** What it is about is called by its name here. */
function detailsOf({ details }: VolaryError): JsonObject {
  const { ref, ...others } = details;
  return { ...(ref === undefined ? {} : { name: ref }), ...others };
}

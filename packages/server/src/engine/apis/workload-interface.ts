import type { Json, JsonObject } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { HttpResponse } from '../../lib/http-message.ts';
import type { Abortable } from '../../ports/guest-link.ts';

/** What a workload answered. */
export type WorkloadAnswer = Pick<HttpResponse, 'status' | 'body'> & { readonly contentType: string };

/** The HTTP interface of what a VM runs. */
export interface WorkloadInterface {
  /** Its OpenAPI document. Throws `not_found` openapi.none, `unavailable` workload.no_answer. */
  openapi(principal: Principal, ref: string, options: Abortable): Promise<JsonObject>;
  /** Tells it to do something, once. Throws `not_found` workload.unknown_action, `unavailable` workload.no_answer. */
  act(
    principal: Principal,
    ref: string,
    request: { readonly action: string; readonly body: Json | undefined },
    options: Abortable,
  ): Promise<WorkloadAnswer>;
}

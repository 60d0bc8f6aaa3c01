/** Every call takes a signal; when it is aborted, the call rejects with its reason. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

export interface Waiting {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

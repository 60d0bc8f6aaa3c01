/**
 * Wakes workers: "look at this key". Keys are worked on side by side, one key never twice at once. Asking again while
 * a key waits changes nothing (the earlier moment wins); asking while it is being worked on makes it be looked at once more afterwards.
 * Not a source of truth: whoever starts a queue first enqueues everything that is unfinished.
 * `Key`: what is taken; what is handed out is a text that its worker reads again.
 */
export interface Queue<Key extends string = string> {
  /** Wakes the key's worker after `delayMs` (default 0). Safe to repeat. */
  enqueue(key: Key, options?: { readonly delayMs?: number }): void;
  /** How many keys are due and wait for somebody to work on them, wait for their time, and are being worked on. */
  depth(): { readonly due: number; readonly later: number; readonly running: number };
  /**
   * Hands keys to `work`, at most `concurrency` at a time, until `signal` is aborted; resolves when the running ones have ended.
   * `work` must not throw; if it does the error is logged and the key is looked at again after a back-off.
   */
  run(
    work: (key: string, context: { readonly signal: AbortSignal }) => Promise<void>,
    options: { readonly concurrency: number; readonly signal: AbortSignal },
  ): Promise<void>;
}

import type { Json } from '../domain/json.ts';
import type { Abortable } from './guest-link.ts';

/** Small documents that other servers have. */
export interface DocumentSource {
  /**
   * Fetches one, which is JSON or YAML, and reads it; nothing of it is kept. `isLocalAllowed`: whether the URL itself may name an address of
   * this machine or of a private network. Throws `invalid_argument` download.invalid_url, download.target_refused; `failed_precondition`
   * download.* for what would be so again, document.unreadable; `unavailable` download.unavailable; the signal's reason.
   */
  fetch(
    url: string,
    options: Abortable & { readonly maxBytes: number; readonly isLocalAllowed: boolean },
  ): Promise<Json>;
}

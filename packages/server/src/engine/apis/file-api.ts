import type { Principal } from '../../domain/principal/principal.ts';
import type { GuestFile, GuestRead } from '../../ports/guest-link.ts';

/** Files inside a running guest; errors as in ports/guest-link.ts, and `failed_precondition` vm.not_running. */
export interface FileApi {
  read(principal: Principal, ref: string, path: string, options: { readonly signal: AbortSignal }): Promise<GuestRead>;
  write(
    principal: Principal,
    ref: string,
    path: string,
    content: AsyncIterable<Uint8Array>,
    options: { readonly signal: AbortSignal; readonly mode?: number; readonly makeParents?: boolean },
  ): Promise<number>;
  list(
    principal: Principal,
    ref: string,
    path: string,
    options: { readonly signal: AbortSignal; readonly limit: number; readonly after?: string },
  ): Promise<{ readonly files: readonly GuestFile[]; readonly hasMore: boolean }>;
  stat(principal: Principal, ref: string, path: string, options: { readonly signal: AbortSignal }): Promise<GuestFile>;
  makeDirectory(
    principal: Principal,
    ref: string,
    path: string,
    options: { readonly signal: AbortSignal; readonly makeParents?: boolean },
  ): Promise<void>;
  remove(
    principal: Principal,
    ref: string,
    path: string,
    options: { readonly signal: AbortSignal; readonly isRecursive: boolean },
  ): Promise<void>;
  rename(
    principal: Principal,
    ref: string,
    from: string,
    to: string,
    options: { readonly signal: AbortSignal },
  ): Promise<void>;
}

import type { Principal } from '../../domain/principal/principal.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import { authorise } from '../access/authorise.ts';
import type { EngineDeps } from '../deps.ts';
import type { FileApi } from '../engine.ts';
import { mayTalkToGuest } from '../operations/power-policy.ts';
import { findVm } from '../queries/find-vm.ts';
import type { GuestLinks } from './guest-links.ts';

/** Files inside running guests, by way of their agents. Whoever may run commands may do all this by them as well. */
export function createFiles(deps: Pick<EngineDeps, 'store'> & { readonly links: GuestLinks }): FileApi {
  async function enter(principal: Principal, ref: string, signal: AbortSignal): Promise<GuestLink> {
    authorise(principal, 'vm:exec');
    const vm = await findVm(deps.store, ref);
    mayTalkToGuest(vm);
    return await deps.links.open(vm.id, { signal });
  }

  return {
    read: async (principal, ref, path, options) =>
      (await enter(principal, ref, options.signal)).readFile(path, options),
    write: async (principal, ref, path, content, options) =>
      (await enter(principal, ref, options.signal)).writeFile(path, content, options),
    list: async (principal, ref, path, options) => (await enter(principal, ref, options.signal)).list(path, options),
    stat: async (principal, ref, path, options) =>
      (await enter(principal, ref, options.signal)).stat(path, { ...options, followLinks: true }),
    makeDirectory: async (principal, ref, path, options) =>
      (await enter(principal, ref, options.signal)).makeDirectory(path, options),
    remove: async (principal, ref, path, options) =>
      (await enter(principal, ref, options.signal)).remove(path, options),
    rename: async (principal, ref, from, to, options) =>
      (await enter(principal, ref, options.signal)).rename(from, to, options),
  };
}

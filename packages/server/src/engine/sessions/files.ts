import type { Mutation } from '../../domain/audit/actions.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { GuestLink } from '../../ports/guest-link.ts';
import { authorise } from '../access/authorise.ts';
import type { FileApi } from '../apis/file-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import type { Awaken } from '../suspend/awaken.ts';
import { type Activity, used } from './activity.ts';
import type { GuestLinks } from './guest-links.ts';
import { requireAgent } from './require-agent.ts';

interface FileDeps extends Pick<EngineDeps, 'store' | 'clock'> {
  readonly links: GuestLinks;
  readonly awaken: Awaken;
  readonly activity: Activity;
}

/** A guest in use: `end` is to be called once that is over. */
interface Visit {
  readonly vm: Vm;
  readonly link: GuestLink;
  readonly end: () => void;
}

/** Files inside guests, by way of their agents; a suspended one is woken. Whoever may run commands may do all this by them as well. */
export function createFiles({ links, awaken, activity, store, clock }: FileDeps): FileApi {
  async function enter(principal: Principal, ref: string, signal: AbortSignal): Promise<Visit> {
    authorise(principal, 'vm:exec');
    const vm = await awaken(principal, ref, { cause: 'files', signal });
    const end = activity.begin(vm.id);
    try {
      await requireAgent({ links, store, clock }, vm, signal);
      return { vm, link: await links.open(vm.id, { signal }), end };
    } catch (error) {
      end();
      throw error;
    }
  }

  async function visit<T>(
    principal: Principal,
    ref: string,
    { signal }: { readonly signal: AbortSignal },
    work: (link: GuestLink) => Promise<T>,
  ): Promise<T> {
    const { link, end } = await enter(principal, ref, signal);
    return await work(link).finally(end);
  }

  /** The same for what changes something, which is written down before it is sent. */
  async function change<T>(
    asked: { readonly principal: Principal; readonly ref: string; readonly signal: AbortSignal },
    action: Extract<Mutation, `file.${string}`>,
    details: JsonObject,
    work: (link: GuestLink) => Promise<T>,
  ): Promise<T> {
    const { principal, ref, signal } = asked;
    const { vm, link, end } = await enter(principal, ref, signal);
    try {
      await recordAudit(store, clock, principal, { action, target: auditTarget('vm', vm), details });
      return await work(link);
    } finally {
      end();
    }
  }

  return {
    async read(principal, ref, path, options) {
      const { link, end } = await enter(principal, ref, options.signal);
      try {
        const file = await link.readFile(path, options);
        return { ...file, content: used(file.content, end) };
      } catch (error) {
        end();
        throw error;
      }
    },
    write: (principal, ref, path, content, options) =>
      change({ principal, ref, signal: options.signal }, 'file.write', { path }, (link) =>
        link.writeFile(path, content, options),
      ),
    list: (principal, ref, path, options) => visit(principal, ref, options, (link) => link.list(path, options)),
    stat: (principal, ref, path, options) =>
      visit(principal, ref, options, (link) => link.stat(path, { ...options, followLinks: true })),
    makeDirectory: (principal, ref, path, options) =>
      change({ principal, ref, signal: options.signal }, 'file.make-directory', { path }, (link) =>
        link.makeDirectory(path, options),
      ),
    remove: (principal, ref, path, options) =>
      change({ principal, ref, signal: options.signal }, 'file.delete', { path }, (link) => link.remove(path, options)),
    rename: (principal, ref, from, to, options) =>
      change({ principal, ref, signal: options.signal }, 'file.rename', { from, to }, (link) =>
        link.rename(from, to, options),
      ),
  };
}

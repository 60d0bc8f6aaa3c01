import type { VmId } from '../../../domain/ids.ts';
import type { Abortable, GuestLink } from '../../../ports/guest-link.ts';
import { linkReplaced } from './errors.ts';

/** One link at a time for each VM. */
export interface Links extends AsyncDisposable {
  /** The present one, or the one that is being opened, ends first. */
  open(vmId: VmId, options: Abortable, connect: (signal: AbortSignal) => Promise<GuestLink>): Promise<GuestLink>;
}

interface Held {
  readonly abort: AbortController;
  readonly opening: Promise<GuestLink>;
}

export function createLinks(): Links {
  const held = new Map<VmId, Held>();

  async function end({ abort, opening }: Held): Promise<void> {
    abort.abort(linkReplaced());
    await opening.then(
      (link) => link[Symbol.asyncDispose](),
      // Whoever waits for it hears why.
      () => undefined,
    );
  }

  return {
    open(vmId, { signal }, connect) {
      const before = held.get(vmId);
      const abort = new AbortController();
      const ended = before === undefined ? Promise.resolve() : end(before);
      const opening = ended.then(() => connect(AbortSignal.any([signal, abort.signal])));
      const own: Held = { abort, opening };
      held.set(vmId, own);
      const forget = (): void => {
        if (held.get(vmId) === own) held.delete(vmId);
      };
      opening.then((link) => void link.closed.then(forget), forget);
      return opening;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...held.values()].map(end));
    },
  };
}

/** An engine that listens and says nothing: nobody waits for it without an end, and those who come after the first wait for a moment only. */
import type { ClientRequest } from 'node:http';

/** Breaks off what was sent when nothing has come or gone for so long, which `onSilence` is told. */
export function endSilence(sent: ClientRequest, patienceMs: number, onSilence: () => void): void {
  sent.setTimeout(patienceMs, () => {
    onSilence();
    sent.destroy(Object.assign(new Error('nothing has come for too long'), { code: 'ETIMEDOUT' }));
  });
}

/** Whether it is worthwhile to ask it anything. */
export interface Doubt {
  /** It has said nothing. */
  raise(): void;
  /** Returns at once where there is none; else when it has answered. Rejects as the look does. */
  settle(): Promise<void>;
}

/** `look`: a short question. One look is for all who come within so long of it. */
export function createDoubt(look: () => Promise<unknown>, rememberedMs: number): Doubt {
  let isDoubted = false;
  let last: { readonly atMs: number; readonly answered: Promise<void> } | null = null;

  async function lookAgain(): Promise<void> {
    await look();
    isDoubted = false;
  }

  return {
    raise() {
      isDoubted = true;
    },
    async settle() {
      if (!isDoubted) return;
      const nowMs = performance.now();
      if (last === null || nowMs - last.atMs > rememberedMs) last = { atMs: nowMs, answered: lookAgain() };
      await last.answered;
    },
  };
}

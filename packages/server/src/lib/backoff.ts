/**
 * How long to wait before try number `attempt` (1 is the first repetition), milliseconds: anywhere between 0 and a
 * bound that doubles with each try, up to a cap. Choosing from the whole range ("full jitter") spreads those who failed
 * together better than adding a little noise does.
 */
export function fullJitterMs(
  attempt: number,
  bounds: { readonly firstMs: number; readonly capMs: number },
  random: () => number,
): number {
  const bound = Math.min(bounds.capMs, bounds.firstMs * 2 ** Math.max(0, attempt - 1));
  return Math.ceil(random() * bound);
}

/** How many spares of each kind there are to be: as many as are expected, the most wanted kinds first, as far as memory and count go. */
export function allotSpares(
  expected: readonly { readonly kind: string; readonly count: number; readonly memoryMib: number }[],
  limits: { readonly memoryMib: number; readonly count: number },
): ReadonlyMap<string, number> {
  let { memoryMib, count } = limits;
  const allotted = new Map<string, number>();
  for (const wanted of expected) {
    const fitting = Math.max(0, Math.min(wanted.count, count, Math.floor(memoryMib / wanted.memoryMib)));
    allotted.set(wanted.kind, fitting);
    memoryMib -= fitting * wanted.memoryMib;
    count -= fitting;
  }
  return allotted;
}

/** One figure, against what it is measured against in the same run. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, and that one's value; absent for an absolute bound. */
  readonly reference?: { readonly name: string; readonly value: number };
  /** The bound: at most or at least this ratio to the reference, or this value. Without one it is told and not judged. */
  readonly bound?: { readonly kind: 'at most' | 'at least'; readonly value: number; readonly of: 'ratio' | 'value' };
}

/** A figure that could not be measured here, and why. */
export interface Omitted {
  readonly name: string;
  readonly omitted: string;
}

/** What whoever runs a benchmark may say about it; what is null it decides itself. */
export interface Effort {
  /** Rounds of what is measured in rounds (`--rounds N`). */
  readonly rounds: number | null;
  /** The most VMs of what goes on until the host is full (`--limit N`). */
  readonly limit: number | null;
}

export interface Benchmark {
  readonly name: string;
  /** What is measured, against what, in a sentence or two. */
  readonly about: string;
  run(say: (message: string) => void, effort: Effort): Promise<readonly (Figure | Omitted)[]>;
}

/** The figure's ratio to its reference, or null where it stands for itself. */
export function ratioOf({ value, reference }: Figure): number | null {
  return reference === undefined ? null : value / reference.value;
}

export function isWithinBound(figure: Figure): boolean {
  if (figure.bound === undefined) return true;
  const measured = figure.bound.of === 'ratio' ? (ratioOf(figure) ?? Number.NaN) : figure.value;
  return figure.bound.kind === 'at most' ? measured <= figure.bound.value : measured >= figure.bound.value;
}

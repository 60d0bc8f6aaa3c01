/**
 * Measures for whoever scrapes this server: figures with names, units and labels as Prometheus has them
 * (https://prometheus.io/docs/practices/naming/). Each is defined once, before it is used.
 */
export interface Measure<L extends string = never> {
  /** In base units, which the name ends with: `volary_queue_wait_seconds`; that of a counter ends with `_total`. */
  readonly name: string;
  /** One sentence for whoever reads the figures. */
  readonly help: string;
  /** Only such as have few values; of VMs at most their id and name. */
  readonly labels: readonly L[];
}

export type LabelValues<L extends string> = Readonly<Record<L, string>>;

export interface Sample<L extends string> {
  readonly labels: LabelValues<L>;
  readonly value: number;
}

/** What only grows, until it begins anew at 0. */
export interface Counter<L extends string> {
  add(labels: LabelValues<L>, amount?: number): void;
  /** Has these samples and no others: of what counts by itself, and may go. */
  replace(samples: Iterable<Sample<L>>): void;
}

/** What has a value at each moment. */
export interface Gauge<L extends string> {
  /** Has these samples and no others; what is not among them is not known now. */
  replace(samples: Iterable<Sample<L>>): void;
}

/** How often something was how large. */
export interface Histogram<L extends string> {
  observe(labels: LabelValues<L>, value: number): void;
}

export interface Meter {
  counter<L extends string>(measure: Measure<L>): Counter<L>;
  gauge<L extends string>(measure: Measure<L>): Gauge<L>;
  /** `buckets`: upper bounds, smallest first. */
  histogram<L extends string>(measure: Measure<L> & { readonly buckets: readonly number[] }): Histogram<L>;
  /** All of them in the text format of Prometheus, version 0.0.4. Others have their turn meanwhile. */
  read(): Promise<string>;
}

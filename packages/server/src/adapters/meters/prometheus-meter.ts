import Counter from 'prom-client/lib/counter.js';
import Histogram from 'prom-client/lib/histogram.js';
import Registry from 'prom-client/lib/registry.js';
import type { Measure, Meter, Sample } from '../../ports/meter.ts';
import type { Turns } from '../../ports/turns.ts';

/**
 * Counts by prom-client, in a registry of its own. What is replaced as a whole is written as it comes: of a thousand VMs there are twenty thousand
 * samples, and to keep them by their labels for one answer takes longer than all the rest. Of the process it measures nothing by itself: the
 * timers of prom-client would keep a server at rest awake.
 */
export function createPrometheusMeter({ turns }: { readonly turns: Turns }): Meter {
  const registry = new Registry();
  /** In the order of definition. */
  const texts = new Map<string, () => string | Promise<string>>();

  function define(name: string, text: () => string | Promise<string>): void {
    if (texts.has(name)) throw new TypeError(`There is a measure ${name} already.`);
    texts.set(name, text);
  }

  function counted<L extends string>({ name, help, labels }: Measure<L>) {
    return { name, help, labelNames: [...labels], registers: [registry] };
  }

  return {
    counter(measure) {
      const counter = new Counter(counted(measure));
      let given: string | null = null;
      define(measure.name, () => given ?? registry.getSingleMetricAsString(measure.name));
      return {
        add: (labels, amount = 1) => counter.inc(labels, amount),
        replace(samples) {
          given = textOf(measure, 'counter', samples);
        },
      };
    },
    gauge(measure) {
      let given = textOf(measure, 'gauge', []);
      define(measure.name, () => given);
      return {
        replace(samples) {
          given = textOf(measure, 'gauge', samples);
        },
      };
    },
    histogram({ buckets, ...measure }) {
      const histogram = new Histogram({ ...counted(measure), buckets: [...buckets] });
      define(measure.name, () => registry.getSingleMetricAsString(measure.name));
      return { observe: (labels, value) => histogram.observe(labels, value) };
    },
    async read() {
      const parts: string[] = [];
      for (const text of texts.values()) {
        await turns.share();
        parts.push(await text());
      }
      return `${parts.join('\n\n')}\n`;
    },
  };
}

/** Labels as they were written last: all that is told of one VM has the same, and to write them is most of the work. */
const written = new WeakMap<object, { readonly names: string; readonly text: string }>();

/** https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
function textOf<L extends string>(
  { name, help, labels }: Measure<L>,
  kind: 'counter' | 'gauge',
  samples: Iterable<Sample<L>>,
): string {
  const names = labels.join();
  let text = `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${kind}`;
  for (const sample of samples) {
    let known = written.get(sample.labels);
    if (known?.names !== names) {
      known = { names, text: labelText(labels, sample.labels) };
      written.set(sample.labels, known);
    }
    text += `\n${name}${known.text} ${figure(sample.value)}`;
  }
  return text;
}

function labelText<L extends string>(names: readonly L[], labels: Readonly<Record<L, string>>): string {
  const values = names.map((name) => `${name}="${escaped(labels[name]).replaceAll('"', '\\"')}"`);
  return values.length === 0 ? '' : `{${values.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function figure(value: number): string {
  return Number.isFinite(value) || Number.isNaN(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

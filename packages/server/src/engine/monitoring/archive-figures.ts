import type { LogArchive } from '../../ports/log-archive.ts';
import type { Meter } from '../../ports/meter.ts';
import { one } from './host-figures.ts';

/** Defines what is told of the lines that are kept elsewhere, if they are; the function looks at it now. */
export function createArchiveFigures(meter: Meter, archive: LogArchive | null): () => Promise<void> {
  const lines = meter.counter({
    name: 'volary_log_archive_lines_total',
    help: 'Lines of the log that were taken by what keeps them for longer, refused by it, or dropped here before it could take them.',
    labels: ['result'],
  });
  const retries = meter.counter({
    name: 'volary_log_archive_retries_total',
    help: 'Times that lines had to be handed over once more.',
    labels: [],
  });
  const waiting = meter.gauge({
    name: 'volary_log_archive_waiting_lines',
    help: 'Lines that are to be handed over yet.',
    labels: [],
  });

  return async () => {
    if (archive === null) return;
    const { taken, refused, lost, ...rest } = archive.figures;
    lines.replace(Object.entries({ taken, refused, lost }).map(([result, value]) => ({ labels: { result }, value })));
    retries.replace(one(rest.retries));
    waiting.replace(one(rest.waiting));
  };
}

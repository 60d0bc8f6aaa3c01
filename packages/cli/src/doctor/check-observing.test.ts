import { expect, it } from 'vitest';
import { findingsOf } from './check-observing.ts';

const well = (name: string, detail: string) => ({ name, status: 'ok', why: null, detail }) as const;

it('says what there is of logs, metrics and alerts, and how traces would come', () => {
  const components = [
    well('database', 'x'),
    well('alerts', '0 fire'),
    well('logs', '1 of 2048 MiB'),
    well('metrics', 'of 3 VMs'),
  ];

  expect(findingsOf({ components }).map(({ status, title, detail }) => `${status} ${title}: ${detail}`)).toEqual([
    'ok Logs: 1 of 2048 MiB',
    'ok Metrics: of 3 VMs',
    'ok Alerts: 0 fire',
    'ok Traces: none: OTEL_EXPORTER_OTLP_ENDPOINT is not set',
  ]);
});

it('warns of what is not well, with what to do', () => {
  const why = 'Traces are not taken at otel.lan:4318; the log of the server says why.';
  const [traces] = findingsOf({
    components: [{ name: 'traces', status: 'degraded', why, detail: '0 spans exported, 9 lost' }],
  });

  expect(traces).toMatchObject({ status: 'warn', detail: `${why} 0 spans exported, 9 lost` });
  expect(traces?.fix).toContain('OTEL_EXPORTER_OTLP_ENDPOINT');
});

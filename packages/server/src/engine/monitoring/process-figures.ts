import type { HostMeter } from '../../ports/host-meter.ts';
import type { Meter } from '../../ports/meter.ts';
import { one } from './host-figures.ts';

/** Defines what is told of the server's process, by the names that programs of all kinds have for it; the function reads it now. */
export function createProcessFigures(
  meter: Meter,
  { hostMeter, version }: { readonly hostMeter: Pick<HostMeter, 'readProcess'>; readonly version: string },
): () => Promise<void> {
  const info = meter.gauge({ name: 'volary_server_info', help: 'The version of the server.', labels: ['version'] });
  const cpu = meter.counter({ name: 'process_cpu_seconds_total', help: 'Time of processors used.', labels: [] });
  const resident = gauge('process_resident_memory_bytes', 'Memory in use.');
  const heap = gauge('process_heap_bytes', 'Memory of live objects, and of garbage that was not collected yet.');
  const open = gauge('process_open_fds', 'Open files.');
  const most = gauge('process_max_fds', 'Files that may be open.');
  const started = gauge('process_start_time_seconds', 'When the server was started, since 1970.');
  const loop = meter.counter({
    name: 'nodejs_eventloop_active_seconds_total',
    help: 'Time in which the event loop had something to do.',
    labels: [],
  });

  function gauge(name: string, help: string) {
    return meter.gauge({ name, help, labels: [] });
  }

  return async () => {
    const reading = await hostMeter.readProcess();
    info.replace([{ labels: { version }, value: 1 }]);
    cpu.replace(one((reading.cpuMs.user + reading.cpuMs.system) / 1_000));
    resident.replace(one(reading.residentBytes));
    heap.replace(one(reading.heapBytes));
    open.replace(one(reading.openFileCount));
    most.replace(one(reading.maxOpenFileCount));
    started.replace(one(reading.startedAt / 1_000));
    loop.replace(one(reading.loopActiveMs / 1_000));
  };
}

import { CPU_MODES, type CpuMode, type HostMeter } from '../../ports/host-meter.ts';
import type { Meter } from '../../ports/meter.ts';

/** Defines what is told of the host; the function reads it now. What the kernel does not tell is not there. */
export function createHostFigures(meter: Meter, hostMeter: Pick<HostMeter, 'readHost'>): () => Promise<void> {
  const cpu = meter.counter({
    name: 'volary_host_cpu_seconds_total',
    help: 'Time of all processors of the host, by what they did with it.',
    labels: ['mode'],
  });
  const memorySize = gauge('memory_size_bytes', 'Memory of the host, or what its control group lets the server have.');
  const memoryAvailable = gauge('memory_available_bytes', 'Memory that could be used without swapping.');
  const diskSize = gauge('data_disk_size_bytes', 'Size of the file system that the data directory lies on.');
  const diskAvailable = gauge('data_disk_available_bytes', 'Free on the file system of the data directory.');
  const diskRead = counter('data_disk_read_bytes_total', 'Read from the device of the data directory.');
  const diskWritten = counter('data_disk_written_bytes_total', 'Written to the device of the data directory.');
  const received = ofDevice('network_receive_bytes_total', 'Received by a device that joins the host to others.');
  const sent = ofDevice('network_transmit_bytes_total', 'Sent by a device that joins the host to others.');

  function gauge(name: string, help: string) {
    return meter.gauge({ name: `volary_host_${name}`, help, labels: [] });
  }
  function counter(name: string, help: string) {
    return meter.counter({ name: `volary_host_${name}`, help, labels: [] });
  }
  function ofDevice(name: string, help: string) {
    return meter.counter({ name: `volary_host_${name}`, help, labels: ['device'] });
  }

  /** The most that was told of each mode: a kernel may take some back, which Prometheus takes for a reset. */
  const told = new Map<CpuMode, number>();

  function notLess(mode: CpuMode, ms: number): number {
    const most = Math.max(ms, told.get(mode) ?? 0);
    told.set(mode, most);
    return most;
  }

  return async () => {
    const { cpuMs, memory, dataDisk, dataDevice, networks } = await hostMeter.readHost();
    cpu.replace(
      cpuMs === null
        ? []
        : CPU_MODES.map((mode) => ({
            labels: { mode },
            value: notLess(mode, cpuMs[mode]) / 1_000,
          })),
    );
    memorySize.replace(one(memory?.sizeBytes));
    memoryAvailable.replace(one(memory?.availableBytes));
    diskSize.replace(one(dataDisk?.sizeBytes));
    diskAvailable.replace(one(dataDisk?.availableBytes));
    diskRead.replace(one(dataDevice?.readBytes));
    diskWritten.replace(one(dataDevice?.writtenBytes));
    received.replace(networks.map(({ device, receivedBytes }) => ({ labels: { device }, value: receivedBytes })));
    sent.replace(networks.map(({ device, sentBytes }) => ({ labels: { device }, value: sentBytes })));
  };
}

/** The one sample of what has no labels; none where it is not known. */
export function one(value: number | null | undefined) {
  return value === null || value === undefined ? [] : [{ labels: {}, value }];
}

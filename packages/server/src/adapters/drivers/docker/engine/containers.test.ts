import { expect, test } from 'vitest';
import { useIn } from './containers.ts';

/* Answers of `GET /containers/{id}/stats`, without what is not looked at: https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerStats */

const CPU = { cpu_usage: { total_usage: 2_500_000_000 } };
const MEMORY = { usage: 9_000_000, stats: { inactive_file: 4_000_000 } };
const io = (op: string, value: number, minor = 0) => ({ major: 254, minor, op, value });

test('what a container has read and written is that of all its disks', () => {
  const disks = {
    io_service_bytes_recursive: [io('read', 4_096), io('write', 8_192), io('read', 512, 16)],
    io_serviced_recursive: [io('Read', 3), io('Write', 2), io('Total', 5)],
  };

  expect(useIn({ cpu_stats: CPU, memory_stats: MEMORY, blkio_stats: disks })).toEqual({
    ...{ cpuMs: 2_500, cpuModesMs: null, memoryBytes: 9_000_000, cachedBytes: 4_000_000 },
    diskTransferBytes: { read: 4_608, written: 8_192 },
    diskOperations: { reads: 3, writes: 2 },
    ...{ networkBytes: null, networkPackets: null },
  });
});

test('what a container has received and sent is that of all its devices', () => {
  const device = { rx_bytes: 100, rx_packets: 3, tx_bytes: 50, tx_packets: 2 };
  const networks = { eth0: device, eth1: { ...device, rx_errors: 7 } };

  expect(useIn({ cpu_stats: CPU, memory_stats: MEMORY, networks })).toMatchObject({
    networkBytes: { received: 200, sent: 100 },
    networkPackets: { received: 6, sent: 4 },
  });
});

test.each([
  { io_service_bytes_recursive: null, io_serviced_recursive: null },
  { io_service_bytes_recursive: [], io_serviced_recursive: [] },
  {},
])('what the engine does not count is not told as nothing: %j', (disks) => {
  expect(useIn({ cpu_stats: CPU, memory_stats: MEMORY, blkio_stats: disks })).toMatchObject({
    ...{ diskTransferBytes: null, diskOperations: null },
  });
});

test('what a container has used of processors is told by mode where the engine tells it', () => {
  const usage = { total_usage: 2_500_000_000, usage_in_usermode: 2_000_000_000, usage_in_kernelmode: 500_000_000 };

  expect(useIn({ cpu_stats: { cpu_usage: usage }, memory_stats: MEMORY })).toMatchObject({
    ...{ cpuMs: 2_500, cpuModesMs: { user: 2_000, system: 500 } },
  });
});

test('an engine that does not tell of processors tells nothing, and what else it does not tell is unknown by itself', () => {
  expect(useIn({ memory_stats: MEMORY })).toBeNull();
  expect(useIn({ cpu_stats: CPU })).toMatchObject({ cpuMs: 2_500, memoryBytes: null, cachedBytes: null });
  expect(useIn({ cpu_stats: CPU, memory_stats: { usage: 9_000_000 } })).toMatchObject({
    ...{ memoryBytes: 9_000_000, cachedBytes: null },
  });
});

test('a container that does not run uses nothing that could be told', () => {
  expect(useIn({ cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {}, blkio_stats: {} })).toBeNull();
});

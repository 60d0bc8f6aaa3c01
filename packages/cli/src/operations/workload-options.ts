import type { CreateVmRequest } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Command } from 'commander';
import { usageError } from '../errors.ts';
import { parseCount, parseDurationMs } from '../parse-values.ts';

/** What a VM is to run, as options. */
export interface WorkloadOptions {
  readonly run?: string;
  readonly port?: number;
  readonly waitHealthy?: number | true;
}

/** A server waits so long for one answer. */
const LONGEST_WAIT_MS = 300_000;

export function addWorkloadOptions(command: Command): Command {
  return command
    .option(
      '--run <line>',
      'its workload: a shell command line that is started with the VM, and restarted when it ends',
    )
    .option('--port <n>', 'the port where the workload serves HTTP; also used for its health check', parseCount(1))
    .option(
      '--wait-healthy [duration]',
      'wait until its health check succeeds, such as 30s (default 5m, which is the longest)',
      parseDurationMs,
    );
}

/** The part of a request that these options make. */
export function workloadRequest({ run, port }: WorkloadOptions): Pick<CreateVmRequest, 'workload'> {
  if (port !== undefined && run === undefined) throw usageError('--port says where what --run starts serves HTTP.');
  if (run === undefined) return {};
  if (port === undefined) return { workload: { type: 'daemon', command: run } };
  return { workload: { type: 'http', command: run, port } };
}

/** Resolves when the VM is healthy, if that was asked for. */
export async function untilHealthy(client: VolaryClient, ref: string, { waitHealthy }: WorkloadOptions): Promise<void> {
  if (waitHealthy === undefined) return;
  const timeoutMs = waitHealthy === true ? LONGEST_WAIT_MS : Math.min(waitHealthy, LONGEST_WAIT_MS);
  await client.vms.wait(ref, { phase: 'running', health: 'healthy', timeoutSeconds: Math.ceil(timeoutMs / 1000) });
}

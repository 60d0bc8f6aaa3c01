import { readFile } from 'node:fs/promises';
import type { CloudInitRequest } from '@volary/contract';
import type { Command } from 'commander';
import { usageError } from '../errors.ts';

/** Files with what cloud-init is to do in a VM. */
export interface CloudInitOptions {
  readonly userData?: string;
  readonly metaData?: string;
  readonly networkConfig?: string;
}

/** Adds the options that name them. */
export function addCloudInitOptions(command: Command): Command {
  return command
    .option('--user-data <file>', 'cloud-init user data: a #cloud-config, a script, …')
    .option('--meta-data <file>', 'additional cloud-init meta-data, a YAML mapping')
    .option('--network-config <file>', "cloud-init network configuration (default: made for the VM's network)");
}

/** In the wire's words; what was not given is left out. Throws when a file cannot be read. */
export async function cloudInitRequest(options: CloudInitOptions): Promise<{ readonly cloud_init?: CloudInitRequest }> {
  const { userData, metaData, networkConfig } = options;
  if (userData === undefined && metaData === undefined && networkConfig === undefined) return {};
  return {
    cloud_init: {
      ...(userData === undefined ? {} : { user_data: await read(userData) }),
      ...(metaData === undefined ? {} : { meta_data: await read(metaData) }),
      ...(networkConfig === undefined ? {} : { network_config: await read(networkConfig) }),
    },
  };
}

async function read(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    throw usageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
}

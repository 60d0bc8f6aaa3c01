import type {
  CreateVmRequest,
  ExtraDiskRequest,
  RestoredVmRequest,
  VmRestartPolicy,
  VmVolumeRequest,
  VmWarmStart,
} from '@volary/contract';
import { type Command, Option } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { usageError } from '../errors.ts';
import { type AlertOptions, addAlertOptions, alertRequest } from '../operations/alert-options.ts';
import { addCloudInitOptions, type CloudInitOptions, cloudInitRequest } from '../operations/cloud-init-options.ts';
import { collectDisks } from '../operations/disk-option.ts';
import { finishOperation } from '../operations/finish-operation.ts';
import { addLifeOptions, type LifeOptions, lifeRequest } from '../operations/life-options.ts';
import { addNetworkOptions, type NetworkOptions, networkRequest } from '../operations/network-options.ts';
import { collectVolumes } from '../operations/volume-option.ts';
import {
  addWorkloadOptions,
  untilHealthy,
  type WorkloadOptions,
  workloadRequest,
} from '../operations/workload-options.ts';
import {
  collectEnvironment,
  collectList,
  collectPairs,
  parseCount,
  parseDiskGib,
  parseMemoryMib,
} from '../parse-values.ts';
import { addSecretOption, type SecretOptions, secretsRequest } from '../secrets/given-secrets.ts';

interface CreateOptions
  extends LifeOptions,
    AlertOptions,
    SecretOptions,
    CloudInitOptions,
    WorkloadOptions,
    NetworkOptions {
  readonly template?: string;
  readonly image?: string;
  readonly tool?: readonly string[];
  readonly vcpus?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly addDisk?: readonly ExtraDiskRequest[];
  readonly volume?: readonly VmVolumeRequest[];
  readonly restart?: VmRestartPolicy;
  readonly warm?: VmWarmStart;
  readonly driver?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly label?: Readonly<Record<string, string>>;
  readonly snapshot?: string;
  readonly start: boolean;
  readonly wait: boolean;
}

/** `volary create [NAME]`: prints the name when the VM's guest has answered. */
export function configureCreate(command: Command, context: Context): void {
  addNetworkOptions(addWorkloadOptions(addCloudInitOptions(addSecretOption(addAlertOptions(addLifeOptions(command))))))
    .argument('[name]', 'its name: lower-case letters, digits and hyphens (default: one is made up)')
    .option('--vcpus <n>', 'virtual CPUs (default 1)', parseCount(1))
    .option('--memory <size>', 'memory, such as 512 (MiB), 512m or 2g (default 256)', parseMemoryMib)
    .option('--disk <size>', 'size of its disk, such as 8 (GiB), 20g or 1t (default 8)', parseDiskGib)
    .option(
      '--add-disk <disk>',
      'a disk besides the root: NAME=SIZE for an empty one, such as data=20g; or NAME[=SIZE],url=U|path=P,sha256=S,format=qcow2|raw[,readonly] for one that begins with a disk image; besides target=T; may be repeated',
      collectDisks,
    )
    .option(
      '--volume <volume>',
      'a volume to attach: NAME, NAME:ro for read-only, NAME:disk=DISK to name its disk; may be repeated',
      collectVolumes,
    )
    .option('-t, --template <name>', 'its template: name, or name@version')
    .option('--image <name>', 'the image of its disk (default base)')
    .option('--tool <name[@range]>', 'a tool for it, for example nodejs@20 or bun; may be repeated', collectList)
    .addOption(
      new Option('--restart <policy>', 'start it again when its machine ends by itself (default never)').choices([
        'always',
        'on-failure',
        'never',
      ]),
    )
    .addOption(
      new Option(
        '--warm <how>',
        'start as a fork of a guest that has already booted: auto, where there is one; never; or require (default auto)',
      ).choices(['auto', 'never', 'require']),
    )
    .option('--driver <kind>', 'its driver: one that `volary status` lists (default: the first)')
    .option('--snapshot <ref>', 'start from this snapshot instead of booting, with its processors and memory')
    .option(
      '-e, --env <key=value>',
      'a variable for everything that runs in it; KEY alone copies it from your environment; may be repeated',
      collectEnvironment,
    )
    .option('-l, --label <key=value>', 'a label; may be repeated', collectPairs)
    .option('--no-start', 'create its disk, but do not start it', true)
    .option('--no-wait', 'do not wait until it runs', true)
    .action((name: string | undefined, options: CreateOptions) => create(context, name, options));
}

async function create(context: Context, name: string | undefined, options: CreateOptions): Promise<void> {
  const client = await connect(context);
  const { snapshot } = options;
  const accepted =
    snapshot === undefined
      ? await client.vms.create(await createRequest(name, options))
      : await client.snapshots.createVm(snapshot, await restoredRequest(name, options));
  const { subject } = accepted;
  if (options.wait) {
    const done = `${subject.name} is ${options.start ? 'running' : 'made, and not started'}`;
    await finishOperation(context, client, accepted, { doing: `Creating ${subject.name}`, done });
  }
  const ref = subject.id ?? subject.name;
  await untilHealthy(client, ref, options);
  if (context.globals.json === true) printJson(context, options.wait ? await client.vms.get(ref) : accepted);
  else context.stdout.write(`${subject.name}\n`);
}

/** The same for a VM that goes on from a snapshot, which decides the rest. */
async function restoredRequest(name: string | undefined, options: CreateOptions): Promise<RestoredVmRequest> {
  const asked = await createRequest(name, options);
  const {
    template,
    image,
    tools,
    network,
    warm,
    driver,
    cloud_init,
    disks,
    volumes,
    environment,
    workload,
    start,
    alerts,
    ...request
  } = asked;
  const given = [
    template,
    image,
    tools,
    network,
    warm,
    driver,
    cloud_init,
    disks,
    volumes,
    environment,
    workload,
    alerts,
  ];
  if (given.some((each) => each !== undefined) || start === false)
    throw usageError(
      'A VM from a snapshot has its image and network, and runs: give none of --template, --image, --tool, --network, --add-disk, --volume, --warm, --driver, --user-data, --meta-data, --network-config, --env, --run, --alert, --no-start.',
    );
  return request;
}

/** Names are the wire's; what was not given is left to the server. */
async function createRequest(name: string | undefined, options: CreateOptions): Promise<CreateVmRequest> {
  const { vcpus, memory, disk, addDisk, volume, template, image, tool, restart, warm, driver, env, label, start } =
    options;
  return {
    ...(name === undefined ? {} : { name }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memory === undefined ? {} : { memory_mib: memory }),
    ...(disk === undefined ? {} : { disk_gib: disk }),
    ...(addDisk === undefined ? {} : { disks: [...addDisk] }),
    ...(volume === undefined ? {} : { volumes: [...volume] }),
    ...(template === undefined ? {} : { template }),
    ...(image === undefined ? {} : { image }),
    ...(tool === undefined ? {} : { tools: [...tool] }),
    ...networkRequest(options),
    ...(restart === undefined ? {} : { restart_policy: restart }),
    ...(warm === undefined ? {} : { warm }),
    ...(driver === undefined ? {} : { driver }),
    ...(env === undefined ? {} : { environment: env }),
    ...(label === undefined ? {} : { labels: label }),
    ...lifeRequest(options),
    ...alertRequest(options),
    ...secretsRequest(options),
    ...workloadRequest(options),
    ...(await cloudInitRequest(options)),
    start,
  };
}

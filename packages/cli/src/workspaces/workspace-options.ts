import type { CreateWorkspaceRequest, VmWarmStart } from '@volary/contract';
import { type Command, Option } from 'commander';
import { usageError } from '../errors.ts';
import { addLifeOptions, type LifeOptions, lifeRequest } from '../operations/life-options.ts';
import { addNetworkOptions, type NetworkOptions, networkRequest } from '../operations/network-options.ts';
import {
  collectEnvironment,
  collectList,
  collectPairs,
  parseCount,
  parseDiskGib,
  parseDurationMs,
  parseMemoryMib,
} from '../parse-values.ts';
import { addSecretOption, type SecretOptions, secretsRequest } from '../secrets/given-secrets.ts';

/** What a workspace is, and what is done in it before it is used. */
export interface WorkspaceOptions extends LifeOptions, SecretOptions, NetworkOptions {
  readonly template?: string;
  readonly provider?: string;
  readonly repo?: string;
  readonly ref?: string;
  readonly directory?: string;
  readonly prep?: readonly string[];
  readonly prepTimeout?: number;
  readonly image?: string;
  readonly tool?: readonly string[];
  readonly vcpus?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly warm?: VmWarmStart;
  readonly env?: Readonly<Record<string, string>>;
  readonly label?: Readonly<Record<string, string>>;
}

export function addWorkspaceOptions(command: Command): Command {
  return addNetworkOptions(addSecretOption(addLifeOptions(command)))
    .option('-t, --template <name>', 'its template: name, or name@version')
    .option('--provider <kind>', 'its driver: one that `volary status` lists')
    .option('--repo <url>', 'a repository to clone, by https, http, git or ssh, or as user@host:path')
    .option('--ref <name>', 'the branch or tag to clone')
    .option('--directory <path>', 'its directory (default /workspace/ and its name)')
    .option('--prep <command>', 'a shell command line to run before it is ready; may be repeated', collectOne)
    .option('--prep-timeout <time>', 'how long each of these may take, such as 15m (default 10m)', parseDurationMs)
    .option('--vcpus <n>', 'virtual CPUs', parseCount(1))
    .option('--memory <size>', 'memory, such as 512m or 2g', parseMemoryMib)
    .option('--disk <size>', 'size of its disk, such as 20g', parseDiskGib)
    .option('--image <name>', 'the image of its disk, if the template has none')
    .option('--tool <name[@range]>', 'a tool for it, for example nodejs@20; may be repeated', collectList)
    .addOption(
      new Option('--warm <how>', 'start as a fork of a guest that has already booted').choices([
        'auto',
        'never',
        'require',
      ]),
    )
    .option(
      '-e, --env <key=value>',
      'a variable for everything that runs in it; KEY alone copies it from your environment; may be repeated',
      collectEnvironment,
    )
    .option('-l, --label <key=value>', 'a label; may be repeated', collectPairs);
}

/** What was asked for, in the wire's words; what was not given is left out. */
export function workspaceRequest(name: string, options: WorkspaceOptions): CreateWorkspaceRequest {
  const { template, provider, repo, ref, directory, prep, prepTimeout, image, tool } = options;
  const { vcpus, memory, disk, warm, env, label } = options;
  if (repo === undefined && (ref !== undefined || directory !== undefined))
    throw usageError('--ref and --directory go with --repo.');
  if (prep === undefined && prepTimeout !== undefined) throw usageError('--prep-timeout goes with --prep.');
  const time = prepTimeout === undefined ? {} : { timeout_seconds: Math.ceil(prepTimeout / 1_000) };
  const { expires_at: _never, ...life } = lifeRequest(options);
  return {
    name,
    ...life,
    ...networkRequest(options),
    ...secretsRequest(options),
    ...(template === undefined ? {} : { template }),
    ...(provider === undefined ? {} : { provider }),
    ...(repo === undefined ? {} : { repo_url: repo }),
    ...(ref === undefined ? {} : { repo_ref: ref }),
    ...(directory === undefined ? {} : { repo_directory: directory }),
    ...(prep === undefined ? {} : { prep_steps: prep.map((command) => ({ command, ...time })) }),
    ...(image === undefined ? {} : { image }),
    ...(tool === undefined ? {} : { tools: [...tool] }),
    ...(vcpus === undefined ? {} : { vcpus }),
    ...(memory === undefined ? {} : { memory_mib: memory }),
    ...(disk === undefined ? {} : { disk_gib: disk }),
    ...(warm === undefined ? {} : { warm }),
    ...(env === undefined ? {} : { environment: { ...env } }),
    ...(label === undefined ? {} : { labels: { ...label } }),
  };
}

/** Commands have commas in them. */
function collectOne(text: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, text];
}

import type { Host } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { type Command, Option } from 'commander';
import { connectTo } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { findEndpoint } from '../endpoint.ts';
import { CliError } from '../errors.ts';
import { dataDirectory, programName } from '../paths.ts';
import { addListenOptions, type ListenOptions } from '../server/listen-options.ts';
import { readAdminKey } from '../server/server-file.ts';
import { ensurePackages } from '../setup/ensure-packages.ts';
import { formatClosing, type Outcome } from '../up/closing-screen.ts';
import { ensureServer } from '../up/ensure-server.ts';
import { ensureImage, ensureRunning } from '../up/ensure-vm.ts';
import { checkSameServer } from '../up/same-server.ts';
import { stayUntilAsked } from '../up/stay.ts';

const IMAGE = 'base';
/** Short, and it shows that it is another kernel than ours. */
const GREETING = ['uname', '-srnm'];
const NO_SUCH_PROGRAM = 127;

interface UpOptions extends ListenOptions {
  readonly detach?: true;
  readonly vm: boolean;
  readonly name: string;
  readonly driver?: string;
}

/** `volary up`: everything that is needed, a server, a VM, and a command run in it. Again, and it is there in seconds. */
export function configureUp(command: Command, context: Context): void {
  addListenOptions(command)
    .option('-d, --detach', 'start the server in the background, and return')
    .option('--no-vm', 'make no VM', true)
    .option('--name <name>', 'name of the VM', 'first')
    .addOption(
      new Option('--driver <driver>', 'what runs the VMs (VOLARY_DRIVER, default qemu)').choices([
        'qemu',
        'docker',
        'simulated',
      ]),
    )
    .action((options: UpOptions) => up(context, options));
}

async function up(context: Context, options: UpOptions): Promise<void> {
  const startedAt = performance.now();
  const dataDir = dataDirectory(context.globals.dataDir, context.env);
  const driver = options.driver ?? context.env['VOLARY_DRIVER'];
  if (driver !== 'simulated') await ensurePackages(context, 'vms');
  const hadKey = context.env['VOLARY_ADMIN_KEY'] !== undefined || (await readAdminKey(dataDir)) !== null;
  const { server, isOurs } = await ensureServer(context, {
    dataDir,
    ...(driver === undefined ? {} : { driver }),
    ...listeningOf(options),
  });
  const client = await connectTo(await findEndpoint({ dataDir, url: server.url }, context.env), context.env);
  if (!isOurs) await checkSameServer(client, server.url, options); // not what the environment says: that is for new ones
  await ensureImage(context, client, IMAGE);
  const vm = options.vm ? await greet(context, client, options.name) : null;

  const outcome: Outcome = {
    url: server.url,
    dataDir,
    isDefaultDataDir: dataDir === dataDirectory(undefined, context.env),
    host: await firstHost(client),
    vm,
    newAdminKey: hadKey ? null : await readAdminKey(dataDir),
    durationMs: Math.round(performance.now() - startedAt),
  };
  if (context.globals.json === true) printJson(context, toJson(outcome));
  else context.stdout.write(formatClosing(context, outcome));
  if (options.detach === true) return;
  if (isOurs) await stayUntilAsked(context, client, dataDir);
  else
    context.stderr.write(`\nThe server ran before, and goes on running (${programName(context.env)} down ends it).\n`);
}

function listeningOf({ listen, devAuth, tlsCert, tlsKey, insecureListen }: ListenOptions): ListenOptions {
  return {
    ...(listen === undefined ? {} : { listen }),
    ...(devAuth === undefined ? {} : { devAuth }),
    ...(tlsCert === undefined ? {} : { tlsCert }),
    ...(tlsKey === undefined ? {} : { tlsKey }),
    ...(insecureListen === undefined ? {} : { insecureListen }),
  };
}

/** Has the VM run, and a command run in it. */
async function greet(context: Context, client: VolaryClient, name: string): Promise<NonNullable<Outcome['vm']>> {
  await ensureRunning(context, client, name);
  const { execution, stdout, stderr } = await client.executions.run(name, { argv: GREETING, timeout_ms: 60_000 });
  if (execution.exit_code === 0) return { name, output: Buffer.from(stdout).toString('utf8').trim() };
  if (execution.exit_code === NO_SUCH_PROGRAM) return { name, output: null }; // it answered; it need not be a Debian
  throw new CliError(
    `The VM ${name} runs, but a command in it failed. ${Buffer.from(stderr).toString('utf8').trim()}`,
    {
      reason: 'cli.greeting_failed',
      hint: `its console: volary logs ${name}`,
    },
  );
}

async function firstHost(client: VolaryClient): Promise<Host | null> {
  return (await client.hosts.list()).items[0] ?? null;
}

function toJson({ url, dataDir, host, vm, durationMs }: Outcome): unknown {
  return { url, data_dir: dataDir, accelerator: host?.accelerator ?? null, vm, duration_ms: durationMs };
}

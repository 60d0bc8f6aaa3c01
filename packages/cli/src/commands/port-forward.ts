import type { Command } from 'commander';
import { connect } from '../connect.ts';
import { type Context, printJson } from '../context.ts';
import { styled } from '../output/style.ts';
import { type Forward, isLoopback, parseForward } from '../ports/forward.ts';
import { type Listening, listen } from '../ports/listen.ts';
import { untilInterrupted } from '../ports/until-interrupted.ts';
import { describeError } from '../report-error.ts';
import { findMachine } from '../ssh/find-machine.ts';

interface PortForwardOptions {
  readonly address: string;
}

const EXAMPLES = `
By way of the guest's agent: it works in every network mode, also where the VM has no network. In the guest the connection is to its loopback.
Each connection is one of its own in the guest. It goes on until Ctrl-C, also through restarts of the VM and the server.
What listens in a VM: volary ports NAME.

Examples:
  volary port-forward first 8080                # 127.0.0.1:8080 here is port 8080 there
  volary port-forward first 9000:80 :5432       # :PORT takes a free port here, and says which`;

/** `volary port-forward VM [LOCAL:]REMOTE…`: ports here that lead to those of a guest. */
export function configurePortForward(command: Command, context: Context): void {
  command
    .argument('<vm>', 'name or id of a workspace or a VM')
    .argument('<ports...>', '[LOCAL:]REMOTE; without LOCAL the same port here')
    .option('--address <address>', 'listen on this address', '127.0.0.1')
    .addHelpText('after', EXAMPLES)
    .action((ref: string, ports: readonly string[], options: PortForwardOptions) =>
      forward(context, ref, ports.map(parseForward), options),
    );
}

async function forward(
  context: Context,
  ref: string,
  forwards: readonly Forward[],
  { address }: PortForwardOptions,
): Promise<void> {
  const client = await connect(context);
  const { id, name } = await client.vms.get((await findMachine(client, ref)).ref);
  if (!isLoopback(address))
    warn(context, `Whoever reaches ${address} reaches these ports of ${name} with your rights.`);
  const listening: Listening[] = [];
  const interrupted = untilInterrupted();
  try {
    for (const { localPort, remotePort } of forwards) {
      listening.push(
        await listen(
          { address, port: localPort },
          {
            connect: () => client.ports.connect(id, remotePort),
            failed: (error) => tellFailure(context, { name, remotePort }, error),
          },
        ),
      );
    }
    show(
      context,
      name,
      listening.map(({ port }, i) => ({ localPort: port, remotePort: forwards[i]?.remotePort ?? 0 })),
      address,
    );
    await interrupted;
  } finally {
    await Promise.all(listening.map((one) => one.close()));
  }
}

function show(context: Context, name: string, forwards: readonly Forward[], address: string): void {
  if (context.globals.json === true) {
    const items = forwards.map(({ localPort, remotePort }) => ({
      address,
      local_port: localPort,
      remote_port: remotePort,
    }));
    printJson(context, { vm: name, forwards: items });
    return;
  }
  const host = address.includes(':') ? `[${address}]` : address;
  for (const { localPort, remotePort } of forwards)
    context.stdout.write(`${host}:${localPort} → ${name}:${remotePort}\n`);
}

/** One connection has failed; the others go on. */
function tellFailure(
  context: Context,
  { name, remotePort }: { readonly name: string; readonly remotePort: number },
  error: unknown,
): void {
  const { message, reason } = describeError(error, null);
  if (context.globals.json === true) {
    context.stderr.write(`${JSON.stringify({ error: { message, reason, vm: name, remote_port: remotePort } })}\n`);
    return;
  }
  context.stderr.write(`${styled(context.stderr, 'red', 'error:')} ${name}:${remotePort}: ${message}\n`);
}

function warn(context: Context, sentence: string): void {
  if (context.globals.json !== true)
    context.stderr.write(`${styled(context.stderr, 'yellow', 'warning:')} ${sentence}\n`);
}

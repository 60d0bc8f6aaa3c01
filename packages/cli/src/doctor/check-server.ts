import { once } from 'node:events';
import { createServer } from 'node:net';
import { connectTo } from '../connect.ts';
import { DEFAULT_LISTEN, findEndpoint } from '../endpoint.ts';
import { isServerAlive, isServerStarting, readServerFile } from '../server/server-file.ts';
import { type AnsweringServer, findAnsweringServer, findRunningServer } from '../server/start-server.ts';
import { type Check, type Finding, fine, type Surroundings } from './check.ts';
import { findKvmFault } from './kvm-device.ts';

/** The server of the data directory, if it runs, or the port that one would need. */
export const checkServer: Check = async ({ context, dataDir }) => {
  const answering = await findAnsweringServer(dataDir);
  if (answering !== null) return [findingOf(answering)];
  const silent = await findSilentServer(dataDir);
  if (silent !== null) return [silent];
  const listen = context.env['VOLARY_LISTEN'] ?? DEFAULT_LISTEN;
  const port = Number(listen.slice(listen.lastIndexOf(':') + 1));
  if (await isFree(port)) return [fine('server', 'Server', `does not run; ${listen} is free for it`)];
  const fix = `let it listen elsewhere: volary up --listen 127.0.0.1:${port + 1}`;
  return [
    {
      id: 'server',
      title: 'Server',
      status: 'warn',
      detail: `does not run, and another program listens on port ${port}`,
      fix,
    },
  ];
};

function findingOf({ server: { url, pid }, unready }: AnsweringServer): Finding {
  if (unready === null) return fine('server', 'Server', `runs at ${url} (process ${pid})`);
  const { component, why } = unready;
  const isPassing = component === 'server';
  return {
    ...{ id: 'server', title: 'Server', status: isPassing ? 'warn' : 'fail' },
    detail: `runs at ${url} (process ${pid}), but takes no work: ${why} (component ${component})`,
    fix: isPassing
      ? 'it starts or stops: look again in a moment'
      : 'what is wrong with its parts: volary system health',
  };
}

/** Of a server whose process is there and that does not answer: it starts, or hangs. */
async function findSilentServer(dataDir: string): Promise<Finding | null> {
  const server = await readServerFile(dataDir);
  if (server !== null && (await isServerAlive(server.pid))) {
    const { url, pid } = server;
    const fix = `see its log; if it does not come back: kill -9 ${pid}, and volary up (its VMs go on running)`;
    return { id: 'server', title: 'Server', status: 'fail', detail: `process ${pid} does not answer at ${url}`, fix };
  }
  if (!(await isServerStarting(dataDir))) return null;
  return { id: 'server', title: 'Server', status: 'warn', detail: 'starts or stops', fix: 'look again in a moment' };
}

/** The accelerator as the running server found it with a probe guest: that alone tells whether hardware really works. */
export async function findProbedAccelerator({ context, dataDir }: Surroundings): Promise<Finding | null> {
  if ((await findRunningServer(dataDir)) === null) return null;
  const client = await connectTo(await findEndpoint({ ...context.globals, dataDir }, context.env), context.env);
  const [host] = (await client.hosts.list()).items;
  if (host === undefined || host.accelerator.kind === 'none') return null;
  const { kind, explanation } = host.accelerator;
  if (kind === 'kvm') return fine('accelerator', 'Accelerator', `KVM: ${explanation}`);
  // The explanation says why; what to do about it depends on the device, which is on this machine.
  const fix =
    (await findKvmFault())?.fix ?? 'emulated VMs are slower; why KVM ran no guest is in the log of the server';
  return { id: 'accelerator', title: 'Accelerator', status: 'warn', detail: `TCG: ${explanation}`, fix };
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, '127.0.0.1');
    await once(probe, 'listening');
    return true;
  } catch {
    return false; // the reason does not matter: it cannot be had
  } finally {
    probe.close();
  }
}

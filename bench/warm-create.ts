import { awaitAnswer } from './lib/agent-answer.ts';
import type { Benchmark, Figure, Omitted } from './lib/benchmark.ts';
import { canStartDocker, startDocker } from './lib/docker-engine.ts';
import { restoreByHand, type SavedFiles } from './lib/hand-written-restore.ts';
import { type Contestant, takeTurns } from './lib/rounds.ts';
import type { BenchServer } from './lib/server.ts';
import { awaitSpare, startWarmServer, warmTemplate } from './lib/warm-server.ts';

const ROUNDS = 20;
const MEMORY_MIB = 256;
const BY_HAND = 'restored by hand';
const DOCKER = 'docker run --rm';

/** From asking for a VM to the answer of its first command, where there is a warm template, beside a restore by hand and a container. */
export const warmCreate: Benchmark = {
  name: 'warm-create',
  about: `POST /v1/vms to true answered, from a warm template, without and with the pool, beside the same template restored by a hand-written QEMU command until its agent answers, and beside docker run --rm true of the same root file system; ${ROUNDS} rounds in turns, medians`,
  async run(say, { rounds }) {
    await using server = await startWarmServer({ poolCount: 0 });
    const template = await warmTemplate(server, { memoryMib: MEMORY_MIB, say });
    await using pooled = await startWarmServer({ poolCount: 1 });
    await warmTemplate(pooled, { memoryMib: MEMORY_MIB, say });
    await awaitSpare(pooled);
    const hasDocker = canStartDocker();
    if (hasDocker) say('starting a Docker engine, with the same root file system as its image');
    await using docker = hasDocker ? await startDocker(template.rootPath) : null;
    const contestants: readonly Contestant[] = [
      { name: 'warm', run: () => timeOurs(server) },
      { name: BY_HAND, run: () => timeByHand(template) },
      { name: 'pooled', run: () => timePooled(pooled) },
      ...(docker === null ? [] : [{ name: DOCKER, run: () => timed(() => docker.run(['true'])) }]),
    ];
    const medians = await takeTurns(contestants, { rounds: rounds ?? ROUNDS, say });
    const noDocker = "Debian's docker.io is not installed, or may not be started";
    return [
      figure(medians, { name: 'warm create', of: 'warm', reference: BY_HAND, atMost: 1.25 }),
      figure(medians, { name: 'create with the pool', of: 'pooled', reference: BY_HAND, atMost: 0.5 }),
      figure(medians, { name: 'warm create, beside Docker', of: 'warm', reference: DOCKER, atMost: 1 }, noDocker),
      figure(
        medians,
        { name: 'create with the pool, beside Docker', of: 'pooled', reference: DOCKER, atMost: 0.5 },
        noDocker,
      ),
    ];
  },
};

function figure(
  medians: ReadonlyMap<string, number>,
  asked: { readonly name: string; readonly of: string; readonly reference: string; readonly atMost: number },
  missing = '',
): Figure | Omitted {
  const { name, of, reference, atMost } = asked;
  const [value, other] = [medians.get(of), medians.get(reference)];
  if (value === undefined || other === undefined) return { name, omitted: missing };
  return {
    name,
    value,
    unit: 'ms',
    reference: { name: reference, value: other },
    bound: { kind: 'at most', value: atMost, of: 'ratio' },
  };
}

/** As a plain HTTP client does it: one request that is answered when the VM runs, one that is answered when the command has ended. */
async function timeOurs({ client, url, key }: BenchServer): Promise<number> {
  const headers = { authorization: `Bearer ${key}`, accept: 'application/json', 'content-type': 'application/json' };
  const post = async (path: string, body: unknown, more: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const init = { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, init);
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer;
  };
  const elapsedMs = await timed(async () => {
    await post('/v1/vms', { name: 'warm', memory_mib: MEMORY_MIB }, { prefer: 'wait=60' });
    const execution = await post('/v1/vms/warm/exec', { argv: ['true'] });
    if (!isGood(execution)) throw new Error(`true ended with ${JSON.stringify(execution)}`);
  });
  await client.operations.finish((await client.vms.delete('warm')).id);
  return elapsedMs;
}

/** The next spare is there before anybody else has his turn, so that its making is in nobody's time. */
async function timePooled(server: BenchServer): Promise<number> {
  const elapsedMs = await timeOurs(server);
  await awaitSpare(server);
  return elapsedMs;
}

function isGood(execution: unknown): boolean {
  return typeof execution === 'object' && execution !== null && 'exit_code' in execution && execution.exit_code === 0;
}

async function timeByHand(template: SavedFiles): Promise<number> {
  const begun = performance.now();
  await using guest = restoreByHand(template);
  const socket = await guest.connect();
  await awaitAnswer(socket, template.saved.linkKeyPath);
  const elapsedMs = performance.now() - begun;
  socket.destroy();
  return elapsedMs;
}

async function timed(act: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

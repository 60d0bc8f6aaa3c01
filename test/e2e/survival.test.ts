import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* What outlives the server, and what follows when a machine dies: with real machines, real kills, and the command line. */

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

interface Vm {
  readonly pid: number;
  readonly phase: string;
  readonly incarnation: number;
  readonly restart_count: number;
}

interface Event {
  readonly sequence: number;
  readonly type: string;
  readonly at: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const get = async (name: string): Promise<Vm> => JSON.parse(await here.must(['get', name, '--json']));
const eventsAfter = async (sequence: number): Promise<readonly Event[]> =>
  JSON.parse(await here.must(['events', '--after', String(sequence), '--limit', '200', '--json'])).items;

function killServer(): void {
  process.kill(JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8')).pid, 'SIGKILL');
}

describe('a server that is killed', () => {
  it('leaves its VMs and their commands running, and the next one has every line of them', async () => {
    await here.must(['create', 'steady', '--memory', '192']);
    const { pid } = await get('steady');
    const before = (await eventsAfter(0)).at(-1)?.sequence ?? 0;
    const lines = 40;
    const script = `i=0; while [ $i -lt ${lines} ]; do i=$((i+1)); echo line $i; sleep 0.1; done; exit 4`;
    const id = await here.must(['exec', 'steady', '--detach', '--', 'sh', '-c', script]);

    killServer();
    await here.must(['up', '--detach', '--no-vm']);

    const attached = await here.volary(['attach', id]);
    expect(attached.code).toBe(4);
    expect(attached.stdout.trim().split('\n')).toEqual(Array.from({ length: lines }, (_, i) => `line ${i + 1}`));
    expect(await get('steady')).toMatchObject({ pid, phase: 'running', incarnation: 1 });
    const told = await eventsAfter(before);
    expect(told.map(({ sequence }) => sequence)).toEqual(told.map((_, i) => before + 1 + i));
    expect(told.filter(({ type }) => type.startsWith('execution.')).map(({ type }) => type)).toEqual([
      'execution.started',
      'execution.completed',
    ]);
    await here.must(['rm', 'steady']);
  });
});

describe('a machine that is killed', () => {
  it('is told of within a second, and comes back where its policy says so', async () => {
    await here.must(['create', 'phoenix', '--memory', '192', '--restart', 'always']);
    const { pid } = await get('phoenix');
    const before = (await eventsAfter(0)).at(-1)?.sequence ?? 0;
    const killedAt = Date.now();
    process.kill(pid, 'SIGKILL');

    await here.must(['wait', 'phoenix', '--incarnation', '2']);

    expect(await get('phoenix')).toMatchObject({ phase: 'running', incarnation: 2, restart_count: 1 });
    const told = await eventsAfter(before);
    const failed = told.find(({ type }) => type === 'vm.failed');
    expect(failed?.data).toMatchObject({ reason: 'vm.vmm_died', restart_in_ms: 1_000 });
    expect(Date.parse(failed?.at ?? '') - killedAt).toBeLessThan(5_000);
    expect(told.map(({ type }) => type)).toContain('vm.restarting');
    await here.must(['rm', 'phoenix']);
  });
});

describe('commands', () => {
  it('are listed, followed and ended by their ids', async () => {
    await here.must(['create', 'worker', '--memory', '192']);
    const id = await here.must(['exec', 'worker', '--detach', '--', 'sh', '-c', 'echo begun; sleep 600 & wait']);

    expect(await here.must(['ps', 'worker'])).toMatch(new RegExp(`running +\\S+ s +${id} +sh -c "echo begun`));
    const following = here.volary(['attach', id]);
    await here.must(['kill', id]);

    expect(await following).toMatchObject({ stdout: 'begun\n', code: 143 });
    expect(JSON.parse(await here.must(['ps', 'worker', '--json'])).items).toMatchObject([
      { id, state: 'exited', signal: 'SIGTERM', truncated: false, stdout_dropped_bytes: 0 },
    ]);
    expect((await here.volary(['kill', id])).stderr).toContain('not running any more');
    await here.must(['rm', 'worker']);
  });
});

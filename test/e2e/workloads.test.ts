import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation, runToEnd, VOLARY } from './installation.ts';

/* What VMs run, and whether it does its work: with real guests. */

/** Answers with what stands in a file, as HTTP: the base image has no server, but it has perl. */
const SERVER = [
  'use IO::Socket::INET;',
  'my $l = IO::Socket::INET->new(LocalPort => 8080, Listen => 5, ReuseAddr => 1) or die;',
  '$| = 1; print "serving $$ $ENV{GREETING}\\n";',
  'while (my $c = $l->accept) {',
  '  my $r = <$c>; while (<$c>) { last if /^\\r?$/ }',
  '  my $s = -e "/run/ill" ? "500 Ill" : "200 OK"; my $b = "hello\\n";',
  '  print $c "HTTP/1.1 $s\\r\\nContent-Length: " . length($b) . "\\r\\n\\r\\n$b"; close $c;',
  '}',
].join(' ');

let here: Installation;
beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
});
afterAll(() => here.remove());

interface Seen {
  readonly health: string;
  readonly workload_status: { readonly state: string; readonly runs: number; readonly execution_id: string };
}

async function get(vm: string): Promise<Seen> {
  return JSON.parse(await here.must(['get', vm, '--json']));
}

/** The VM as soon as it is so. */
async function until(vm: string, isSo: (seen: Seen) => boolean): Promise<Seen> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    const seen = await get(vm);
    if (seen.workload_status !== null && isSo(seen)) return seen;
    // Whatever changes is an event of the VM.
    await here.volary(['events', '--vm', vm, '--limit', '1']);
  }
  throw new Error(JSON.stringify(await get(vm)));
}

/** What its workload has written, as soon as that is anything. */
async function untilSaid(vm: string): Promise<string> {
  for (const end = performance.now() + 60_000; performance.now() < end; ) {
    const said = await here.must(['logs', vm, '--workload']);
    if (said !== '') return said;
  }
  throw new Error(`the workload of ${vm} says nothing`);
}

describe('a VM that serves', () => {
  it('is healthy when its workload answers, and has what it says in its logs', async () => {
    const run = `exec perl -e '${SERVER}'`;
    const options = ['--run', run, '--port', '8080', '--env', 'GREETING=hi', '--memory', '192', '--wait-healthy'];
    await here.must(['create', 'web', ...options]);

    expect(await get('web')).toMatchObject({ health: 'healthy', workload_status: { state: 'running', runs: 1 } });
    expect(await here.must(['logs', 'web', '--workload'])).toMatch(/^serving \d+ hi$/);
    expect(await here.must(['exec', 'web', '--', 'sh', '-c', 'echo $GREETING'])).toBe('hi');
    const { stdout, stderr } = await here.volary(['logs', 'web']);
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('logs web --workload')]);
  });

  it('has it run again when it is killed, and goes on with it under the next server', async () => {
    const before = await get('web');
    await here.must(['exec', 'web', '--', 'pkill', '-KILL', 'perl']);
    const killed = await until('web', ({ workload_status: { state, runs } }) => runs === 2 && state === 'running');
    expect(killed.workload_status).toMatchObject({ last_signal: 'SIGKILL' });

    await here.must(['down']);
    await here.must(['up', '--detach', '--no-vm']);
    const after = await until('web', ({ workload_status: { state } }) => state === 'running');
    expect(after.workload_status).toEqual(killed.workload_status);
    expect(after.workload_status.execution_id).toBe(before.workload_status.execution_id);
    const said = await here.must(['logs', 'web', '--workload']);
    expect(said.split('\n')).toHaveLength(2);
  });

  it('is run anew when that is asked for', async () => {
    await here.must(['workload', 'restart', 'web']);

    const again = await until('web', ({ workload_status: { state, runs } }) => runs === 3 && state === 'running');
    expect(again.workload_status).toMatchObject({ last_signal: 'SIGTERM' });
  });

  it('goes on in a fork, under an execution of its own', async () => {
    const source = await get('web');
    const pid = await here.must(['exec', 'web', '--', 'pgrep', 'perl']);
    await here.must(['fork', 'web', 'copy']);

    const fork = await until('copy', ({ workload_status: { state } }) => state === 'running');
    expect(fork.workload_status.execution_id).not.toBe(source.workload_status.execution_id);
    expect(await here.must(['exec', 'copy', '--', 'pgrep', 'perl'])).toBe(pid);
    await here.must(['exec', 'copy', '--', 'pkill', 'perl']);
    await until('copy', ({ workload_status: { state, runs } }) => runs === 4 && state === 'running');
    expect(await untilSaid('copy')).toMatch(/^serving \d+ hi$/);
    expect((await get('web')).workload_status).toEqual(source.workload_status);
  });

  it('gets SIGTERM when its VM is stopped, and runs in its next life', async () => {
    const run = "trap 'echo bye; sync; exit 0' TERM; echo up; while :; do sleep 1 & wait $!; done";
    await here.must(['create', 'polite', '--run', run, '--memory', '192']);
    const first = await until('polite', ({ workload_status: { state } }) => state === 'running');
    await here.must(['stop', 'polite']);
    await here.must(['start', 'polite']);

    const second = await until('polite', ({ workload_status: { state, execution_id } }) => {
      return state === 'running' && execution_id !== first.workload_status.execution_id;
    });
    expect(second.workload_status).toMatchObject({ runs: 1 });
    const { stdout } = await runToEnd([VOLARY, 'logs', first.workload_status.execution_id], { env: here.env });
    expect(stdout).toMatch(/^up\n/);
  });
});

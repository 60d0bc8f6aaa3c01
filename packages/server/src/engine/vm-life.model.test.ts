import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VolaryError } from '../domain/errors.ts';
import { canMove, VM_PHASES, type VmPhase } from '../domain/vm/phase.ts';
import type { Vm } from '../domain/vm/vm.ts';
import type { ExecutionSession } from './apis/execution-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { finish, request, soon } from './vm-life.test-kit.ts';

/*
 * The life of one VM against a model of what may be: any commands, a guest that ends by itself, a driver that fails, a server that is
 * restarted, in any order. VOLARY_MODEL_RUNS says how many such lives are tried.
 */

const RUNS = Number(process.env['VOLARY_MODEL_RUNS'] ?? 200);
const NAME = 'bird';

/** What is the case once it is quiet. */
interface Model {
  phase: VmPhase | 'absent';
  /** Lives that have begun; each later one has a higher number. */
  incarnation: number;
  /** A fault of the driver was planned for this VM: what is asked for may fail. */
  isFaulty: boolean;
}

interface Real {
  readonly installation: Installation;
  server: TestServer;
}

type Command = fc.AsyncCommand<Model, Real, false>;
type Wish = 'start' | 'stop' | 'restart' | 'pause' | 'suspend' | 'resume' | 'delete';

/** What a wish may be asked in, when it is quiet, and what it brings. */
const WISHES: Readonly<Record<Wish, { readonly from: readonly Model['phase'][]; readonly to: Model['phase'] }>> = {
  start: { from: ['suspended', 'stopped', 'failed'], to: 'running' },
  stop: { from: ['running', 'paused', 'suspended', 'failed'], to: 'stopped' },
  restart: { from: ['running', 'paused', 'suspended', 'stopped', 'failed'], to: 'running' },
  pause: { from: ['running'], to: 'paused' },
  suspend: { from: ['running', 'paused'], to: 'suspended' },
  resume: { from: ['paused', 'suspended'], to: 'running' },
  delete: { from: ['running', 'paused', 'suspended', 'stopped', 'failed'], to: 'absent' },
};

const FAULTS = [
  'simulate.start_error',
  'simulate.pause_error',
  'simulate.resume_error',
  'simulate.suspend_error',
  'simulate.wake_error',
  'simulate.end_error',
] as const;

function create(start: boolean, fault: (typeof FAULTS)[number] | null): Command {
  return {
    check: ({ phase }) => phase === 'absent',
    run: async (model, { server }) => {
      const labels = fault === null ? {} : { [fault]: 'internal:1' };
      const { operation } = await server.engine.vms.create(ADMIN, request(NAME, labels, start));
      await finish(server, operation);
      Object.assign(model, { phase: start ? 'running' : 'stopped', incarnation: 0, isFaulty: fault !== null });
      await compare(model, server);
    },
    toString: () => `create(start: ${start}, fault: ${fault})`,
  };
}

function wish(verb: Wish): Command {
  return {
    check: ({ phase }) => phase !== 'absent',
    run: async (model, { server }) => {
      const { from, to } = WISHES[verb];
      const isAllowed = from.includes(model.phase);
      const asked = await ask(server, verb).catch((error: unknown) => error);
      if (!isAllowed) {
        expect(asked).toBeInstanceOf(VolaryError);
        expect(asked).toMatchObject({ code: 'failed_precondition' });
        return;
      }
      if (asked instanceof Error) throw asked;
      model.phase = to;
      await compare(model, server);
    },
    toString: () => verb,
  };
}

async function ask(server: TestServer, verb: Wish): Promise<void> {
  const { vms } = server.engine;
  const change = {
    start: () => vms.start(ADMIN, NAME, {}),
    stop: () => vms.stop(ADMIN, NAME, { graceMs: 0 }),
    restart: () => vms.restart(ADMIN, NAME, { graceMs: 0 }),
    pause: () => vms.pause(ADMIN, NAME, {}),
    suspend: () => vms.suspend(ADMIN, NAME, {}),
    resume: () => vms.resume(ADMIN, NAME, {}),
    delete: () => vms.delete(ADMIN, NAME, {}),
  }[verb];
  await finish(server, (await change()).operation);
}

/** Two wishes at once: the second does not wait for what the first has begun; what it asks for is what is so in the end. */
function hurry(first: Wish, second: 'stop' | 'restart' | 'delete'): Command {
  return {
    check: ({ phase }) =>
      WISHES[first].from.includes(phase) && first !== 'delete' && !(first === 'stop' && second === 'stop'),
    run: async (model, { server }) => {
      const [, later] = await Promise.allSettled([ask(server, first), ask(server, second)]);
      if (later.status === 'rejected') {
        // It was so already, or refused for what the first has asked for: then the first counts.
        expect(later.reason).toMatchObject({ code: 'failed_precondition' });
        model.phase = WISHES[first].to;
      } else model.phase = WISHES[second].to;
      await compare(model, server, { isOpen: true });
    },
    toString: () => `${first}, and at once ${second}`,
  };
}

const exec: Command = {
  check: ({ phase }) => phase !== 'absent',
  run: async (model, { server }) => {
    const command = {
      argv: ['echo', 'hello'],
      env: {},
      cwd: '',
      user: '',
      hasStdin: false,
      tty: null,
      timeoutMs: 0,
    };
    const starting: Promise<ExecutionSession> = server.engine.executions.start(ADMIN, NAME, command, soon);
    if (model.phase !== 'running' && model.phase !== 'suspended') {
      await expect(starting).rejects.toMatchObject({ reason: 'vm.not_running' });
      return;
    }
    const session = await starting.catch((error: unknown) => {
      if (error instanceof VolaryError && model.isFaulty && model.phase === 'suspended') return error;
      throw error;
    });
    if (session instanceof Error) {
      // The planned fault struck while it was woken.
      expect(session).toMatchObject({ reason: 'driver.simulated_fault' });
      await compare(model, server);
      return;
    }
    let said = '';
    for await (const update of session.updates) {
      if (update.kind === 'output') said += Buffer.from(update.bytes).toString();
      else expect(update.execution).toMatchObject({ state: 'exited', exitCode: 0 });
    }
    expect(said).toBe('hello\n');
    // It is woken by use.
    model.phase = 'running';
  },
  toString: () => 'exec',
};

const restartServer: Command = {
  check: () => true,
  run: async (model, real) => {
    await real.server.stop();
    real.server = await real.installation.start();
    await compare(model, real.server);
  },
  toString: () => 'restart the server',
};

/** The guest powers off, or its monitor dies; with or without a server that sees it. */
function endByItself(cause: 'powered-off' | 'vmm-died', isWatched: boolean): Command {
  return {
    check: ({ phase }) => phase === 'running',
    run: async (model, real) => {
      const { id } = await real.server.engine.vms.get(ADMIN, NAME);
      if (!isWatched) await real.server.stop();
      real.installation.world.vms.get(id)?.endByItself(cause === 'vmm-died' ? { cause, detail: '' } : { cause });
      if (!isWatched) real.server = await real.installation.start();
      model.phase = cause === 'vmm-died' ? 'failed' : 'stopped';
      await real.server.engine.vms.wait(ADMIN, NAME, { phase: model.phase }, soon);
      await compare(model, real.server);
    },
    toString: () => `the guest ends by itself: ${cause}, ${isWatched ? 'seen' : 'while no server runs'}`,
  };
}

/** Compares the engine with the model, the host with both, and the log's last words with the table of phases. */
async function compare(model: Model, server: TestServer, { isOpen = false } = {}): Promise<void> {
  for (const left of await server.store.operations.listActive()) await finish(server, left);
  const vm = await find(server);
  if (model.phase === 'absent' || vm === null) {
    expect([vm, model.phase]).toEqual([null, 'absent']);
    return;
  }
  const { phase } = vm.status;
  // A fault that was planned strikes once, at a moment that the model does not foretell.
  if (model.isFaulty || isOpen) expect(['running', 'paused', 'suspended', 'stopped', 'failed']).toContain(phase);
  else expect(phase).toBe(model.phase);
  model.phase = phase;
  expect(vm.incarnation).toBeGreaterThanOrEqual(model.incarnation);
  model.incarnation = vm.incarnation;
}

async function find(server: TestServer): Promise<Vm | null> {
  return (await server.engine.vms.list(ADMIN, { limit: 1, after: null })).items[0] ?? null;
}

/** What holds after any life: the host has what the store has, and the log is without a gap and legal. */
async function checkWhole({ installation, server }: Real): Promise<void> {
  const vm = await find(server);
  const kind = { running: 'running', paused: 'paused', suspended: 'suspended' }[String(vm?.status.phase)] ?? 'absent';
  const wanted = vm === null || vm.imageDigest === null ? [] : [[vm.id, kind]];
  expect(await hostOnceItIs(installation, wanted)).toEqual(wanted);

  const phases = new Map<string, VmPhase>();
  let sequence = 0;
  for (;;) {
    const events = await server.engine.events.list(ADMIN, { after: sequence, limit: 100 });
    if (events.length === 0) return;
    for (const event of events) {
      expect(event.sequence).toBe(++sequence);
      const phase = VM_PHASES.find((each) => each === event.data['phase']);
      if (!event.type.startsWith('vm.') || phase === undefined) continue;
      const before = phases.get(event.subject) ?? phase;
      if (before !== phase)
        expect([event.type, before, phase, canMove(before, phase)]).toEqual([event.type, before, phase, true]);
      phases.set(event.subject, phase);
    }
  }
}

/** The machines on the host, once they are as wanted: what is left of an ended one is cleared a moment after its end is told. */
async function hostOnceItIs({ world }: Installation, wanted: unknown): Promise<unknown> {
  const isOver = Promise.withResolvers<void>();
  const look = (): unknown => [...world.vms].map(([id, vm]) => [id, vm.observe().machine.kind]);
  const check = (): void => {
    if (JSON.stringify(look()) === JSON.stringify(wanted)) isOver.resolve();
  };
  const stop = world.onChange(check);
  const timer = setTimeout(isOver.resolve, 10_000);
  check();
  await isOver.promise;
  clearTimeout(timer);
  stop();
  return look();
}

const verbs = fc.constantFrom<Wish>('start', 'stop', 'restart', 'pause', 'suspend', 'resume', 'delete');
const commands = fc.commands(
  [
    fc.tuple(fc.boolean(), fc.option(fc.constantFrom(...FAULTS), { freq: 2 })).map((it) => create(...it)),
    verbs.map(wish),
    verbs.map(wish),
    fc.tuple(verbs, fc.constantFrom('stop', 'restart', 'delete')).map((it) => hurry(...it)),
    fc.constant(exec),
    fc.constant(restartServer),
    fc.tuple(fc.constantFrom('powered-off', 'vmm-died'), fc.boolean()).map((it) => endByItself(...it)),
  ],
  { maxCommands: 15 },
);

test(`the life of a VM is as its model says, in ${RUNS} lives`, { timeout: 30_000 + RUNS * 1_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (life) => {
      await using installation = createInstallation({ settings: { bootMs: 1_000 } });
      const real: Real = { installation, server: await installation.start() };

      const model: Model = { phase: 'absent', incarnation: 0, isFaulty: false };
      await fc.asyncModelRun(() => ({ model, real }), life);

      await checkWhole(real);
    }),
    { numRuns: RUNS },
  );
});

/** What people ask for in a chat: done by the engine as any other request is, and answered in a few lines of plain text. */
import { isMutation, readActionOf } from '../../../domain/audit/actions.ts';
import { toVolaryError, VolaryError } from '../../../domain/errors.ts';
import { uuidOf } from '../../../domain/ids.ts';
import type { SlashCommand } from '../../../domain/integrations.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { RunCommand } from '../../../engine/apis/integration-api.ts';
import type { Engine } from '../../../engine/engine.ts';
import { createChecker, invalidFields } from '../../validation.ts';
import { readOptions } from './command-options.ts';
import { CreateVm } from './schemas.ts';
import { findTask } from './tasks.ts';
import { toCreateRequest, toExecutionStatus, toStatus, toTaskStatus, toTaskType } from './translate.ts';
import { listVms } from './vms.ts';

/** VMs that are listed; of more it is said how many. */
const LISTED = 20;
/** Characters of their lines: of all chats Discord has the least room, 2,000 with what is around them. */
const LISTED_CHARACTERS = 1_900;

type Run = (
  engine: Engine,
  principal: Principal,
  command: SlashCommand,
  options: Parameters<RunCommand>[2],
) => Promise<readonly string[]>;

/** How long a command waits for what is outside of this server: it is answered after two seconds, whether it is done or not. */
const VITALS_MS = 1_500;

interface Offered {
  readonly run: Run;
  /** What is written behind it. */
  readonly usage: string;
  /** What the audit calls it when it is refused. */
  readonly action: string;
}

const COMMANDS: Readonly<Record<string, Offered>> = {
  'aetherium-status': { run: tellStatus, usage: '', action: readActionOf('vm:read') },
  'aetherium-vm-list': { run: listAllVms, usage: '', action: readActionOf('vm:read') },
  'aetherium-vm-create': {
    run: createVm,
    usage: '[NAME] [vcpus=2] [memory_mb=1024] [tools=go,python]',
    action: 'vm.create',
  },
  'aetherium-task': { run: tellTask, usage: 'ID', action: readActionOf('operation:read') },
};

/** Runs commands. A refusal is written down as that of any other request. */
export function createRunCommand(engine: Engine): RunCommand {
  return async (principal, command, options) => {
    const offered = Object.hasOwn(COMMANDS, command.name) ? COMMANDS[command.name] : undefined;
    if (offered === undefined) throw unknownCommand(command);
    try {
      return (await offered.run(engine, principal, command, options)).join('\n');
    } catch (thrown) {
      const error = toVolaryError(thrown);
      // As of requests: of those that only read it is written down when somebody tries what is not allowed.
      if (isMutation(offered.action) || error.code === 'permission_denied') {
        const target = { kind: 'integration', id: null, name: principal.name };
        engine.audit.refused(principal, { action: offered.action, target, error });
      }
      throw error;
    }
  };
}

async function tellStatus(engine: Engine, principal: Principal, command: SlashCommand): Promise<readonly string[]> {
  refuseOptions(command);
  const vms = await listVms(engine, principal);
  const counts = new Map<string, number>();
  for (const { status } of vms) counts.set(toStatus(status.phase), (counts.get(toStatus(status.phase)) ?? 0) + 1);
  const shown = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
  const parts = (await engine.vitals({ waitMs: VITALS_MS })).filter(({ state }) => state !== 'disabled');
  const unwell = parts.filter(({ state }) => state !== 'ok');
  return [
    unwell.length === 0 ? 'Aetherium is well.' : 'Aetherium is not well.',
    `VMs: ${vms.length}${shown === '' ? '' : ` (${shown})`}`,
    `Parts: ${parts.map(({ name, state }) => `${name} ${state === 'ok' ? 'healthy' : 'unhealthy'}`).join(', ')}`,
  ];
}

async function listAllVms(engine: Engine, principal: Principal, command: SlashCommand): Promise<readonly string[]> {
  refuseOptions(command);
  const vms = await listVms(engine, principal);
  if (vms.length === 0) return ['There are no VMs.'];
  // Those that were made last are those that somebody looks for.
  const lines = vms.toReversed().slice(0, LISTED).map(lineOf);
  while (lines.join('\n').length > LISTED_CHARACTERS) lines.pop();
  return vms.length > lines.length
    ? [...lines, `… and ${vms.length - lines.length} more that were made before.`]
    : lines;
}

function lineOf({ id, name, status, spec }: Vm): string {
  return `${name}  ${toStatus(status.phase)}  ${spec.vcpuCount} vCPU  ${spec.memoryMib} MB  ${uuidOf(id)}`;
}

const checkCreateVm = createChecker(CreateVm);

async function createVm(
  engine: Engine,
  principal: Principal,
  command: SlashCommand,
  { once }: Parameters<Run>[3],
): Promise<readonly string[]> {
  const request = readCreateVm(command);
  checkCreateVm(request);
  const { operation, vm } = await engine.vms.create(principal, toCreateRequest(request), { once });
  return [
    `${vm.name} is being created: ${vm.spec.vcpuCount} vCPU, ${vm.spec.memoryMib} MB.`,
    `Task ${uuidOf(operation.id)}: look with /aetherium-task ${uuidOf(operation.id)}`,
  ];
}

/** Throws `invalid_argument` request.invalid. */
function readCreateVm(command: SlashCommand): CreateVm {
  const { name, vcpus, memory_mb, tools } = readOptions(command, 'name', 'vcpus', 'memory_mb', 'tools');
  return {
    ...(name === undefined ? {} : { name }),
    ...(vcpus === undefined ? {} : { vcpus: numberOf('vcpus', vcpus) }),
    ...(memory_mb === undefined ? {} : { memory_mb: numberOf('memory_mb', memory_mb) }),
    ...(tools === undefined ? {} : { additional_tools: tools.split(',').map((tool) => tool.trim()) }),
  };
}

function numberOf(field: string, value: string): number {
  if (/^[0-9]{1,9}$/.test(value)) return Number(value);
  throw invalidFields([{ field, message: 'must be a whole number' }]);
}

async function tellTask(engine: Engine, principal: Principal, command: SlashCommand): Promise<readonly string[]> {
  const { id } = readOptions(command, 'id');
  if (id === undefined) throw invalidFields([{ field: 'id', message: 'is missing: /aetherium-task ID' }]);
  const task = await findTask(engine, principal, id);
  if (task.kind === 'execution') {
    const { state, exitCode, error, request } = task.execution;
    const result = exitCode === null ? '' : `, exit code ${exitCode}`;
    return [
      `vm:execute of ${request.argv[0]}: ${toExecutionStatus(state)}${result}`,
      ...(error === null ? [] : [error]),
    ];
  }
  const { operation, vm } = task;
  const { kind, state, subject, error } = operation;
  const now = vm === null ? '' : `, which is ${toStatus(vm.status.phase)} now`;
  return [
    `${toTaskType(kind)} of ${vm?.name ?? subject.name}${now}: ${toTaskStatus(state)}`,
    ...(error === null ? [] : [error.message]),
  ];
}

function refuseOptions({ name, text, options }: SlashCommand): void {
  const [field] = text.trim() === '' ? options.map((option) => option.name) : ['text'];
  if (field !== undefined) throw invalidFields([{ field, message: `must be empty: /${name} takes nothing` }]);
}

function unknownCommand({ name }: SlashCommand): VolaryError {
  const all = Object.entries(COMMANDS).map(([known, { usage }]) => `/${known} ${usage}`.trimEnd());
  return new VolaryError('invalid_argument', `There is no command /${name}. There are:\n${all.join('\n')}`, {
    reason: 'integration.unknown_command',
    details: { commands: Object.keys(COMMANDS) },
  });
}

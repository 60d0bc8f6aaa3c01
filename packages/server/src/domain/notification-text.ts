import type { Event, EventType } from './events.ts';
import type { Json } from './json.ts';

/** Of what somebody else has written, characters. */
const DETAIL = 400;
/** Of the whole, so that it fits where everything in it has to be marked as plain. */
const WHOLE = 900;

/**
 * What has happened, as one line of plain text: `VM web has failed: The disk is full.` Whatever a guest or a caller has put into it, nothing but the first words is ours.
 *
 * @param vmName of the VM that it is about; null where it is gone, or there is none.
 */
export function notificationText(event: Event, vmName: string | null): string {
  const { type, data, subject } = event;
  const name = textOf(data['name']) ?? subject;
  const words = `${subjectOf(event, name, vmName)} ${WORDS[type]}`;
  const details = [detailOf(event), textOf(data['message'])].filter((each) => each !== null).join('; ');
  const line = details === '' ? `${words}.` : `${words}: ${details}`;
  return shortened(oneLine(line), WHOLE);
}

/** Of what it is said. */
function subjectOf({ type, data, subject }: Event, name: string, vmName: string | null): string {
  const about = vmName ?? name;
  const kind = type.slice(0, type.indexOf('.'));
  switch (kind) {
    case 'operation':
      return `Operation ${textOf(data['kind']) ?? subject} of ${textOf(data['subject']) ?? about}`;
    case 'execution':
      return `Command ${textOf(data['program']) ?? subject} in ${vmName === null ? 'a VM that is gone' : `VM ${vmName}`}`;
    case 'workload':
      return vmName === null ? 'The workload of a VM that is gone' : `The workload of VM ${vmName}`;
    case 'alert':
      return `Alert ${textOf(data['kind']) ?? ''} of VM ${about}`.replaceAll(/ +/g, ' ');
    case 'server':
      return 'The server';
    case 'webhook':
      return type === 'webhook.test' ? 'This' : `Webhook ${textOf(data['description']) ?? subject}`;
    case 'secrets':
      return 'The key that seals secrets';
    default:
      return `${NOUNS[kind] ?? kind} ${kind === 'vm' ? about : name}`;
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  ...{ vm: 'VM', image: 'Image', tool: 'Tool', snapshot: 'Snapshot', template: 'Template', secret: 'Secret' },
  ...{ deployment: 'Deployment', workspace: 'Workspace', network: 'Network', security_group: 'Security group' },
  ...{ volume: 'Volume', integration: 'Integration' },
};

/** What is said of it. */
const WORDS = {
  'vm.created': 'was created',
  'vm.updated': 'was changed',
  'vm.provisioning': 'is being made ready',
  'vm.starting': 'is starting',
  'vm.started': 'has started',
  'vm.pausing': 'is being paused',
  'vm.paused': 'is paused',
  'vm.suspending': 'is being suspended',
  'vm.suspended': 'is suspended',
  'vm.resuming': 'is resuming',
  'vm.resumed': 'has resumed',
  'vm.stopping': 'is stopping',
  'vm.stopped': 'has stopped',
  'vm.restarting': 'is restarting',
  'vm.expiring': 'is about to expire',
  'vm.expired': 'has expired',
  'vm.deleting': 'is being deleted',
  'vm.deleted': 'was deleted',
  'vm.failed': 'has failed',
  'vm.health_changed': 'has another health',
  'workload.started': 'has started',
  'workload.exited': 'has ended',
  'vm.orphan_reaped': 'belonged to nobody and was ended',
  'vm.warm_start_failed': 'could not begin from a warm template',
  'vm.tools_failed': 'did not get its tools',
  'vm.cloud_init_completed': 'is through with cloud-init',
  'operation.created': 'was asked for',
  'operation.started': 'has begun',
  'operation.succeeded': 'has succeeded',
  'operation.failed': 'has failed',
  'operation.cancelled': 'was cancelled',
  'execution.started': 'has begun',
  'execution.completed': 'has ended',
  'image.defined': 'was defined',
  'image.built': 'was built',
  'image.removed': 'was removed',
  'tool.built': 'was built',
  'tool.removed': 'was removed',
  'snapshot.created': 'was asked for',
  'snapshot.ready': 'is ready',
  'snapshot.failed': 'has failed',
  'snapshot.deleted': 'was deleted',
  'webhook.created': 'was made',
  'webhook.updated': 'was changed',
  'webhook.deleted': 'was removed',
  'webhook.disabled': 'was disabled',
  'webhook.events_lost': 'will not be told of events that were dropped',
  'webhook.test': 'is a test',
  'template.installed': 'was installed',
  'template.enabled': 'was enabled',
  'template.disabled': 'was disabled',
  'template.deleted': 'was deleted',
  'secret.created': 'was made',
  'secret.updated': 'was changed',
  'secret.deleted': 'was deleted',
  'secrets.key_rotated': 'was changed',
  'deployment.created': 'was created',
  'deployment.updated': 'was changed',
  'deployment.scaled': 'was scaled',
  'deployment.rollout_started': 'is being rolled out',
  'deployment.rollout_completed': 'was rolled out',
  'deployment.rollout_stopped': 'is not rolled out any further',
  'deployment.replica_failed': 'has lost a replica',
  'deployment.phase_changed': 'is in another phase',
  'deployment.deleting': 'is being deleted',
  'deployment.deleted': 'was deleted',
  'workspace.created': 'was created',
  'workspace.updated': 'was changed',
  'workspace.extended': 'lives longer',
  'workspace.step_started': 'has begun a step of its setup',
  'workspace.step_completed': 'is through with a step of its setup',
  'workspace.ready': 'is ready',
  'workspace.failed': 'has failed',
  'workspace.deleting': 'is being deleted',
  'workspace.deleted': 'was deleted',
  'network.created': 'was created',
  'network.updated': 'was changed',
  'network.deleted': 'was deleted',
  'security_group.created': 'was created',
  'security_group.updated': 'was changed',
  'security_group.deleted': 'was deleted',
  'volume.created': 'was asked for',
  'volume.ready': 'is ready',
  'volume.failed': 'has failed',
  'volume.updated': 'was changed',
  'volume.deleted': 'was deleted',
  'alert.fired': 'fires',
  'alert.resolved': 'is over',
  'server.started': 'has started',
  'server.stopping': 'is stopping',
  'integration.event': 'has sent something',
} as const satisfies Record<EventType, string>;

/** What else there is to be known of it in few words, where it says so. */
function detailOf({ type, data }: Event): string | null {
  switch (type) {
    case 'execution.completed':
    case 'workload.exited':
      return endOf(data['exit_code'], data['signal']);
    case 'vm.started':
    case 'vm.resumed':
      return textOf(data['ip']);
    case 'vm.health_changed':
      return changeOf(data['old_status'], data['status']);
    case 'vm.updated':
    case 'webhook.updated':
      return Array.isArray(data['changed']) ? data['changed'].map(String).join(', ') : null;
    default:
      return null;
  }
}

function endOf(exitCode: Json | undefined, signal: Json | undefined): string | null {
  if (typeof exitCode === 'number') return `exit code ${exitCode}`;
  const name = textOf(signal);
  return name === null ? null : `ended by ${name}`;
}

function changeOf(before: Json | undefined, after: Json | undefined): string | null {
  const [old, now] = [textOf(before), textOf(after)];
  return old === null || now === null ? null : `${now}, before ${old}`;
}

function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value.trim() !== '' ? shortened(oneLine(value), DETAIL) : null;
}

/** Without what cannot be seen, and what turns the order of letters round. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{C}\s]+/gu, ' ').trim();
}

function shortened(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}

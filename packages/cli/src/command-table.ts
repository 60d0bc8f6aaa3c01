import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Gives a command its arguments, options and action. */
type Configure = (command: Command, context: Context) => void;

export interface CommandEntry {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  /** The heading under which `volary help` lists it. */
  readonly group: 'Getting started' | 'VMs' | 'In a VM' | 'Seeing' | 'Access' | 'Other';
  /** Loaded only if it is the command that runs: the others cost no start-up time. */
  readonly load: () => Promise<Configure>;
}

/** Every command, in the order in which `volary help` lists them. */
export const COMMANDS: readonly CommandEntry[] = [
  entry(
    'Getting started',
    'up',
    'set everything up: server, guest image, first VM',
    async () => (await import('./commands/up.ts')).configureUp,
  ),
  entry(
    'Getting started',
    'down',
    'stop the server; its VMs go on running',
    async () => (await import('./commands/down.ts')).configureDown,
  ),
  entry(
    'Getting started',
    'serve',
    'run the server in the foreground',
    async () => (await import('./commands/serve.ts')).configureServe,
  ),
  entry(
    'Getting started',
    'vm-api',
    'run the server with the vm-api dialect alone, on port 3000',
    async () => (await import('./commands/vm-api.ts')).configureVmApi,
  ),
  entry(
    'Getting started',
    'doctor',
    'check this machine: what is missing, and how to fix it',
    async () => (await import('./commands/doctor.ts')).configureDoctor,
  ),
  entry(
    'Getting started',
    'test',
    'run all tests, with real VMs',
    async () => (await import('./commands/test.ts')).configureTest,
  ),
  entry(
    'VMs',
    'create',
    'create a VM and start it',
    async () => (await import('./commands/create.ts')).configureCreate,
  ),
  entry('VMs', 'ls', 'list the VMs', async () => (await import('./commands/ls.ts')).configureLs, 'list'),
  entry('VMs', 'get', 'show one VM', async () => (await import('./commands/get.ts')).configureGet),
  entry('VMs', 'rm', 'delete VMs with their disks', async () => (await import('./commands/rm.ts')).configureRm),
  entry(
    'VMs',
    'batch',
    'apply actions from a file to many VMs, or run one command in them',
    async () => (await import('./commands/batch.ts')).configureBatch,
  ),
  entry('VMs', 'start', 'start stopped VMs', async () => (await import('./commands/start.ts')).configureStart),
  entry(
    'VMs',
    'stop',
    'shut VMs down; their disks are kept',
    async () => (await import('./commands/stop.ts')).configureStop,
  ),
  entry(
    'VMs',
    'restart',
    'stop VMs and start them again',
    async () => (await import('./commands/restart.ts')).configureRestart,
  ),
  entry(
    'VMs',
    'pause',
    'halt the processors of VMs; their memory is kept',
    async () => (await import('./commands/pause.ts')).configurePause,
  ),
  entry(
    'VMs',
    'update',
    'change a VM: size, labels, network, secrets, when it is suspended',
    async () => (await import('./commands/update.ts')).configureUpdate,
  ),
  entry(
    'VMs',
    'config',
    "show a VM's configuration and its history, or roll back",
    async () => (await import('./commands/config.ts')).configureConfig,
  ),
  entry(
    'VMs',
    'suspend',
    'save the memory of VMs to disk, and free it',
    async () => (await import('./commands/suspend.ts')).configureSuspend,
  ),
  entry(
    'VMs',
    'resume',
    'resume paused and suspended VMs',
    async () => (await import('./commands/resume.ts')).configureResume,
  ),
  entry(
    'VMs',
    'fork',
    'make copies of a running VM, with its memory',
    async () => (await import('./commands/fork.ts')).configureFork,
  ),
  entry(
    'VMs',
    'snapshot',
    'take, list and delete snapshots of VMs',
    async () => (await import('./commands/snapshot.ts')).configureSnapshot,
  ),
  entry(
    'VMs',
    'volume',
    'manage disks that outlive the VMs they are attached to',
    async () => (await import('./commands/volume.ts')).configureVolume,
  ),
  entry(
    'VMs',
    'deploy',
    'run N replicas of a VM, scale them and roll out changes',
    async () => (await import('./commands/deploy.ts')).configureDeploy,
  ),
  entry(
    'VMs',
    'workspace',
    'manage VMs that expire, with a repository cloned and set up',
    async () => (await import('./commands/workspace.ts')).configureWorkspace,
  ),
  entry(
    'VMs',
    'restore',
    'put a VM back to a snapshot',
    async () => (await import('./commands/restore.ts')).configureRestore,
  ),
  entry(
    'VMs',
    'wait',
    'wait until a VM, a deployment or an operation is in a state',
    async () => (await import('./commands/wait.ts')).configureWait,
  ),
  entry('VMs', 'cancel', 'cancel an operation', async () => (await import('./commands/cancel.ts')).configureCancel),
  entry(
    'In a VM',
    'ssh',
    'log in to a VM, by way of its agent',
    async () => (await import('./commands/ssh.ts')).configureSsh,
  ),
  entry('In a VM', 'exec', 'run a command in a VM', async () => (await import('./commands/exec.ts')).configureExec),
  entry(
    'In a VM',
    'attach',
    'follow a command that was started earlier',
    async () => (await import('./commands/attach.ts')).configureAttach,
  ),
  entry(
    'In a VM',
    'kill',
    'end a command, or signal it',
    async () => (await import('./commands/kill.ts')).configureKill,
  ),
  entry('In a VM', 'ps', 'list the commands run in a VM', async () => (await import('./commands/ps.ts')).configurePs),
  entry('In a VM', 'cp', 'copy files into and out of a VM', async () => (await import('./commands/cp.ts')).configureCp),
  entry(
    'In a VM',
    'port-forward',
    'forward local ports to a VM, with or without a network',
    async () => (await import('./commands/port-forward.ts')).configurePortForward,
  ),
  entry(
    'In a VM',
    'ports',
    'list what listens in a VM',
    async () => (await import('./commands/ports.ts')).configurePorts,
  ),
  entry(
    'In a VM',
    'workload',
    "show a VM's workload, or restart it",
    async () => (await import('./commands/workload.ts')).configureWorkload,
  ),
  entry(
    'In a VM',
    'logs',
    "print a VM's console, what its workload or a command wrote, or search the log",
    async () => (await import('./commands/logs.ts')).configureLogs,
  ),
  entry(
    'Seeing',
    'status',
    'show the server, its host and its VMs',
    async () => (await import('./commands/status.ts')).configureStatus,
  ),
  entry('Seeing', 'top', 'show what VMs use, live', async () => (await import('./commands/top.ts')).configureTop),
  entry(
    'Seeing',
    'host',
    'list the machines that VMs run on, and show what they used',
    async () => (await import('./commands/host.ts')).configureHost,
  ),
  entry('Seeing', 'alert', 'list alerts of VMs', async () => (await import('./commands/alert.ts')).configureAlert),
  entry(
    'Seeing',
    'integration',
    'show how GitHub, Slack and Discord are connected, and send there',
    async () => (await import('./commands/integration.ts')).configureIntegration,
  ),
  entry(
    'Seeing',
    'metrics',
    'show what a VM used, or print all metrics for Prometheus',
    async () => (await import('./commands/metrics.ts')).configureMetrics,
  ),
  entry(
    'Seeing',
    'events',
    'list what happened, or follow what happens',
    async () => (await import('./commands/events.ts')).configureEvents,
  ),
  entry('Seeing', 'audit', 'show who did what', async () => (await import('./commands/audit.ts')).configureAudit),
  entry(
    'Seeing',
    'quota',
    'show your quota, and what you use of it',
    async () => (await import('./commands/quota.ts')).configureQuota,
  ),
  entry(
    'Other',
    'image',
    'list, import, build and remove guest images',
    async () => (await import('./commands/image.ts')).configureImage,
  ),
  entry(
    'Other',
    'tool',
    'list, build and remove tools for VMs',
    async () => (await import('./commands/tool.ts')).configureTool,
  ),
  entry(
    'Other',
    'template',
    'manage templates that VMs are made from, and their warm guests',
    async () => (await import('./commands/template.ts')).configureTemplate,
  ),
  entry(
    'Other',
    'system',
    'show disk usage on the host, and remove what nothing uses',
    async () => (await import('./commands/system.ts')).configureSystem,
  ),
  entry(
    'Other',
    'webhook',
    'send events to a URL or an integration, and list deliveries',
    async () => (await import('./commands/webhook.ts')).configureWebhook,
  ),
  entry(
    'Other',
    'network',
    'manage networks of VMs, and what they may reach',
    async () => (await import('./commands/network.ts')).configureNetwork,
  ),
  entry(
    'Other',
    'security-group',
    'manage firewall rules of VMs',
    async () => (await import('./commands/security-group.ts')).configureSecurityGroup,
  ),
  entry(
    'Other',
    'secrets',
    'manage secrets for VMs',
    async () => (await import('./commands/secrets.ts')).configureSecrets,
  ),
  entry(
    'Access',
    'whoami',
    'show who you are to the server, and what you may do',
    async () => (await import('./commands/whoami.ts')).configureWhoami,
  ),
  entry(
    'Access',
    'users',
    'list, make, change and delete users',
    async () => (await import('./commands/users.ts')).configureUsers,
  ),
  entry(
    'Access',
    'keys',
    'list, make and revoke API keys',
    async () => (await import('./commands/keys.ts')).configureKeys,
  ),
  entry(
    'Access',
    'roles',
    'list, make and delete roles',
    async () => (await import('./commands/roles.ts')).configureRoles,
  ),
  entry(
    'Other',
    'login',
    'log in with a password, for this and later commands',
    async () => (await import('./commands/login.ts')).configureLogin,
  ),
  entry('Other', 'logout', 'end that login', async () => (await import('./commands/logout.ts')).configureLogout),
  entry('Other', 'passwd', 'change your password', async () => (await import('./commands/passwd.ts')).configurePasswd),
  entry(
    'Other',
    'mfa',
    'set up a second factor for your logins',
    async () => (await import('./commands/mfa.ts')).configureMfa,
  ),
  entry(
    'Other',
    'sessions',
    'list your logins, and end them',
    async () => (await import('./commands/sessions.ts')).configureSessions,
  ),
  entry(
    'Other',
    'completion',
    'print the completion script of a shell',
    async () => (await import('./commands/completion.ts')).configureCompletion,
  ),
  entry(
    'Other',
    'help',
    'explain a command, or the exit codes',
    async () => (await import('./commands/help.ts')).configureHelp,
  ),
];

function entry(
  group: CommandEntry['group'],
  name: string,
  summary: string,
  load: () => Promise<Configure>,
  alias?: string,
): CommandEntry {
  return { group, name, summary, load, ...(alias === undefined ? {} : { alias }) };
}

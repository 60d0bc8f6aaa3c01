import { Type } from 'typebox';

const SUFFIX = '[0-7][0-9a-hjkmnp-tv-z]{25}';

/** A DNS label in lower case, 1 to 63 characters. */
export const VM_NAME_PATTERN = '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$';
export const IMAGE_NAME_PATTERN = '^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$';

export const EXAMPLE_IDS = {
  vm: 'vm_01kahx6z4qf8r9y6m3s2t1v0wq',
  operation: 'op_01kahx6z4rf8r9y6m3s2t1v0wr',
  execution: 'exec_01kahx6z4sf8r9y6m3s2t1v0ws',
  host: 'host_01kahx6z4tf8r9y6m3s2t1v0wt',
  request: 'req_01kahx6z4vf8r9y6m3s2t1v0wv',
  webhook: 'hook_01kahx6z4wf8r9y6m3s2t1v0ww',
  delivery: 'dlv_01kahx6z4xf8r9y6m3s2t1v0wx',
  snapshot: 'snap_01kahx6z4yf8r9y6m3s2t1v0wy',
  user: 'usr_01kahx6z4zf8r9y6m3s2t1v0wz',
  apiKey: 'key_01kahx6z50f8r9y6m3s2t1v0x0',
  secret: 'sec_01kahx6z50f8r9y6m3s2t1v0wz',
  session: 'sess_01kahx6z51f8r9y6m3s2t1v0x1',
  template: 'tpl_01kahx6z52f8r9y6m3s2t1v0x2',
  deployment: 'dep_01kahx6z53f8r9y6m3s2t1v0x3',
  network: 'net_01kahx6z53f8r9y6m3s2t1v0x3',
  securityGroup: 'sg_01kahx6z54f8r9y6m3s2t1v0x4',
  volume: 'vol_01kahx6z55f8r9y6m3s2t1v0x5',
  workspace: 'ws_01kahx6z55f8r9y6m3s2t1v0x5',
  alert: 'alert_01kahx6z56f8r9y6m3s2t1v0x6',
} as const;

export const VmId = Type.String({ pattern: `^vm_${SUFFIX}$`, description: 'Id of a VM.', examples: [EXAMPLE_IDS.vm] });
export const OperationId = Type.String({
  pattern: `^op_${SUFFIX}$`,
  description: 'Id of an operation.',
  examples: [EXAMPLE_IDS.operation],
});
/** As a parameter: also as dialects call it. */
export const OperationRef = Type.String({
  pattern: `^(op|job|batch_job)_${SUFFIX}$`,
  description: 'Id of an operation; also as a dialect calls it: `job_…`, `batch_job_…`.',
  examples: [EXAMPLE_IDS.operation],
});
export const ExecutionId = Type.String({
  pattern: `^exec_${SUFFIX}$`,
  description: 'Id of an execution.',
  examples: [EXAMPLE_IDS.execution],
});
export const HostId = Type.String({
  pattern: `^host_${SUFFIX}$`,
  description: 'Id of a host.',
  examples: [EXAMPLE_IDS.host],
});
export const RequestId = Type.String({
  pattern: `^req_${SUFFIX}$`,
  description: 'Id of the request, as in its X-Request-Id header and in the log.',
  examples: [EXAMPLE_IDS.request],
});

export const AlertId = Type.String({
  pattern: `^alert_${SUFFIX}$`,
  description: 'Id of an alert.',
  examples: [EXAMPLE_IDS.alert],
});
export const WebhookId = Type.String({
  pattern: `^hook_${SUFFIX}$`,
  description: 'Id of a webhook.',
  examples: [EXAMPLE_IDS.webhook],
});
export const DeliveryId = Type.String({
  pattern: `^dlv_${SUFFIX}$`,
  description: 'Id of a delivery.',
  examples: [EXAMPLE_IDS.delivery],
});

export const SnapshotId = Type.String({
  pattern: `^snap_${SUFFIX}$`,
  description: 'Id of a snapshot.',
  examples: [EXAMPLE_IDS.snapshot],
});

export const UserId = Type.String({
  pattern: `^usr_${SUFFIX}$`,
  description: 'Id of a user.',
  examples: [EXAMPLE_IDS.user],
});
export const ApiKeyId = Type.String({
  pattern: `^key_${SUFFIX}$`,
  description: 'Id of an API key.',
  examples: [EXAMPLE_IDS.apiKey],
});

export const SessionId = Type.String({
  pattern: `^sess_${SUFFIX}$`,
  description: 'Id of a session.',
  examples: [EXAMPLE_IDS.session],
});

export const TemplateId = Type.String({
  pattern: `^tpl_${SUFFIX}$`,
  description: 'Id of a version of a template.',
  examples: [EXAMPLE_IDS.template],
});

export const DeploymentId = Type.String({
  pattern: `^dep_${SUFFIX}$`,
  description: 'Id of a deployment.',
  examples: [EXAMPLE_IDS.deployment],
});
/** A name with room for the number of a replica. */
export const DeploymentName = Type.String({
  pattern: VM_NAME_PATTERN,
  minLength: 1,
  maxLength: 57,
  description:
    '1 to 57 lower-case letters, digits and hyphens; neither begins nor ends with a hyphen. Its VMs are named after it: `<name>-1` and so on.',
  examples: ['web'],
});
/** A deployment as requests name it. */
export const DeploymentRef = Type.String({
  pattern: `^(dep_${SUFFIX}|${VM_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 63,
  description: 'Id or name of a deployment.',
  examples: ['web'],
});

export const WorkspaceId = Type.String({
  pattern: `^ws_${SUFFIX}$`,
  description: 'Id of a workspace.',
  examples: [EXAMPLE_IDS.workspace],
});
/** A workspace as requests name it. */
export const WorkspaceRef = Type.String({
  pattern: `^(ws_${SUFFIX}|${VM_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 63,
  description: 'Id of a workspace, or the name of one of your own.',
  examples: ['shop'],
});

const TEMPLATE_VERSION = '[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}';
export const TemplateName = Type.String({
  pattern: VM_NAME_PATTERN,
  minLength: 1,
  maxLength: 63,
  description: '1 to 63 lower-case letters, digits and hyphens; neither begins nor ends with a hyphen.',
  examples: ['web'],
});
export const TemplateVersion = Type.String({
  pattern: `^${TEMPLATE_VERSION}$`,
  maxLength: 64,
  description: '1 to 64 letters, digits and any of `.+_-`. Semantic versions are ordered as such.',
  examples: ['1.0.0'],
});
/** A template as requests name it. */
export const TemplateRef = Type.String({
  pattern: `^${VM_NAME_PATTERN.slice(1, -1)}(@${TEMPLATE_VERSION})?$`,
  maxLength: 128,
  description: 'Name of a template, of which the newest version is meant, or `name@version`.',
  examples: ['web', 'web@1.0.0'],
});

/** A VM as requests name it. */
export const VmRef = Type.String({
  pattern: `^(vm_${SUFFIX}|${VM_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 63,
  description: 'Id or name of a VM.',
  examples: ['first'],
});
export const VmName = Type.String({
  pattern: VM_NAME_PATTERN,
  minLength: 1,
  maxLength: 63,
  description: '1 to 63 lower-case letters, digits and hyphens; neither begins nor ends with a hyphen.',
  examples: ['first'],
});
export const ImageName = Type.String({
  pattern: IMAGE_NAME_PATTERN,
  minLength: 1,
  maxLength: 63,
  description: 'Name of an image recipe.',
  examples: ['base'],
});
/** A snapshot as requests name it. */
export const SnapshotRef = Type.String({
  pattern: `^(snap_${SUFFIX}|${VM_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 63,
  description: 'Id or name of a snapshot.',
  examples: ['before-upgrade'],
});
export const SnapshotName = Type.String({
  pattern: VM_NAME_PATTERN,
  minLength: 1,
  maxLength: 63,
  description: '1 to 63 lower-case letters, digits and hyphens; neither begins nor ends with a hyphen.',
  examples: ['before-upgrade'],
});

/** The name of a variable, in capitals. */
export const SECRET_NAME_PATTERN = '^[A-Z][A-Z0-9_]{0,63}$';
export const SecretId = Type.String({
  pattern: `^sec_${SUFFIX}$`,
  description: 'Id of a secret.',
  examples: [EXAMPLE_IDS.secret],
});
export const SecretName = Type.String({
  pattern: SECRET_NAME_PATTERN,
  minLength: 1,
  maxLength: 64,
  description: 'A capital, then capitals, digits and underscores; at most 64 characters.',
  examples: ['DEPLOY_TOKEN'],
});
/** A secret as requests name it. */
export const SecretRef = Type.String({
  pattern: `^(sec_${SUFFIX}|${SECRET_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 64,
  description: 'Id of a secret, or the name of one of your own.',
  examples: ['DEPLOY_TOKEN'],
});

export const NetworkId = Type.String({
  pattern: `^net_${SUFFIX}$`,
  description: 'Id of a network.',
  examples: [EXAMPLE_IDS.network],
});
export const NetworkName = Type.String({
  pattern: VM_NAME_PATTERN,
  minLength: 1,
  maxLength: 63,
  description: 'Name of a network: 1 to 63 lower-case letters, digits and hyphens.',
  examples: ['blue'],
});
/** A network as requests name it. */
export const NetworkRef = Type.String({
  pattern: `^(net_${SUFFIX}|${VM_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 63,
  description: 'Id or name of a network.',
  examples: ['blue'],
});

export const SecurityGroupId = Type.String({
  pattern: `^sg_${SUFFIX}$`,
  description: 'Id of a security group.',
  examples: [EXAMPLE_IDS.securityGroup],
});
export const SecurityGroupName = Type.String({
  pattern: VM_NAME_PATTERN,
  minLength: 1,
  maxLength: 63,
  description: 'Name of a security group: 1 to 63 lower-case letters, digits and hyphens.',
  examples: ['web'],
});
/** A security group as requests name it. */
export const SecurityGroupRef = Type.String({
  pattern: `^(sg_${SUFFIX}|${VM_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 63,
  description: 'Id or name of a security group.',
  examples: ['web'],
});

export const VolumeId = Type.String({
  pattern: `^vol_${SUFFIX}$`,
  description: 'Id of a volume.',
  examples: [EXAMPLE_IDS.volume],
});
export const VolumeName = Type.String({
  pattern: VM_NAME_PATTERN,
  minLength: 1,
  maxLength: 63,
  description: 'Name of a volume: 1 to 63 lower-case letters, digits and hyphens.',
  examples: ['books'],
});
/** A volume as requests name it. */
export const VolumeRef = Type.String({
  pattern: `^(vol_${SUFFIX}|${VM_NAME_PATTERN.slice(1, -1)})$`,
  maxLength: 63,
  description: 'Id or name of a volume.',
  examples: ['books'],
});

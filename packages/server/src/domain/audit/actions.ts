/**
 * What can be done, one word for each change that anybody can ask for: the resource as permissions name it, a dot, and the verb
 * that the route, the operation and the command line have for it.
 */
export const MUTATIONS = [
  'vm.create',
  'vm.update',
  'vm.delete',
  'vm.start',
  'vm.stop',
  'vm.restart',
  'vm.pause',
  'vm.suspend',
  'vm.resume',
  'vm.restore',
  'vm.fork',
  'vm.batch',
  'vm.exec',
  'workload.restart',
  'workload.act',
  'execution.write-stdin',
  'execution.signal',
  'execution.cancel',
  'execution.resize',
  'file.write',
  'file.delete',
  'file.rename',
  'file.make-directory',
  'operation.cancel',
  'snapshot.create',
  'snapshot.delete',
  'image.define',
  'image.build',
  'image.update',
  'image.delete',
  'tool.build',
  'tool.update',
  'tool.delete',
  'template.create',
  'template.enable',
  'template.disable',
  'template.delete',
  'warm-template.build',
  'warm-template.delete',
  'deployment.create',
  'deployment.update',
  'deployment.restart',
  'deployment.roll-back',
  'deployment.delete',
  'workspace.create',
  'workspace.update',
  'workspace.extend',
  'workspace.delete',
  'system.prune',
  'webhook.create',
  'webhook.update',
  'webhook.delete',
  'webhook.disable',
  'webhook.test',
  'webhook.replay',
  'secret.create',
  'secret.update',
  'secret.delete',
  'secret.rotate-key',
  'network.create',
  'network.update',
  'network.delete',
  'security-group.create',
  'security-group.update',
  'security-group.delete',
  'volume.create',
  'volume.update',
  'volume.delete',
  'user.create',
  'user.update',
  'user.delete',
  'user.set-password',
  'user.enrol-mfa',
  'user.confirm-mfa',
  'user.disable-mfa',
  'user.make-recovery-codes',
  'role.put',
  'role.delete',
  'api-key.create',
  'api-key.update',
  'api-key.delete',
  'session.create',
  'session.refresh',
  'session.delete',
] as const;

const MUTATION_SET: ReadonlySet<string> = new Set(MUTATIONS);

/** Something that changes what is stored, or what a guest has. */
export type Mutation = (typeof MUTATIONS)[number];

export function isMutation(action: string): action is Mutation {
  return MUTATION_SET.has(action);
}

/** Requests that read are written down when they are refused: `vm.read`, by the permission that they need; `server.read` where that is none in particular. */
export function readActionOf(permission: string): string {
  return permission.includes(':') ? permission.replace(':', '.') : 'server.read';
}

import type { AcceptedOperation, Vm } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Context } from '../context.ts';
import { finishOperation } from '../operations/finish-operation.ts';

/** Sees to it that the image is built, with live progress. */
export async function ensureImage(context: Context, client: VolaryClient, name: string): Promise<void> {
  const entry = (await client.images.list()).items.find((candidate) => candidate.name === name);
  if (entry?.current != null) return;
  const operation = await client.images.build(name);
  await finishOperation(context, client, operation, {
    doing: `Building the guest image ${name}`,
    done: `The guest image ${name} is ready`,
  });
}

/** The VM of this name, running: made, started or resumed where that is needed. */
export async function ensureRunning(context: Context, client: VolaryClient, name: string): Promise<Vm> {
  const existing = await findVm(client, name);
  if (existing?.phase === 'running') return existing;
  const operation = await requestRunning(client, existing, name);
  if (operation !== null) {
    await finishOperation(context, client, operation, {
      doing: `Starting the VM ${name}`,
      done: `The VM ${name} runs`,
    });
  }
  const vm = await client.vms.wait(name, { phase: 'running', timeoutSeconds: 300 });
  return vm ?? client.vms.get(name);
}

/** Asks for what leads from where it is to running; null where that is under way already. */
async function requestRunning(client: VolaryClient, vm: Vm | null, name: string): Promise<AcceptedOperation | null> {
  if (vm === null) return client.vms.create({ name });
  switch (vm.phase) {
    case 'paused':
    case 'suspended':
      return client.vms.resume(name);
    case 'stopped':
    case 'failed':
      return client.vms.start(name);
    case 'deleting':
      await client.vms.wait(name, { phase: 'absent', timeoutSeconds: 300 });
      return client.vms.create({ name });
    default:
      return null;
  }
}

async function findVm(client: VolaryClient, name: string): Promise<Vm | null> {
  const { items } = await client.vms.list({ name });
  return items[0] ?? null;
}

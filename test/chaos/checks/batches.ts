import type { Operation } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Book } from '../book.ts';

/** What is looked at of the operation of a batch. */
export type CheckedBatch = Pick<Operation, 'id' | 'kind' | 'state' | 'result'>;

/** What an item of a batch came to. */
interface Item {
  readonly action: string;
  readonly name: string;
  readonly state: string;
  readonly operation_id: string | null;
}

/** The batches that were accepted and not looked at yet. Nothing is under way. */
export async function readBatches(client: VolaryClient, { batches }: Book): Promise<readonly CheckedBatch[]> {
  const read = await Promise.all([...batches].map((id) => client.operations.get(id)));
  batches.clear();
  return read;
}

/**
 * What is wrong with batches, one sentence each: an item without an end, or whose operation has none; one that has made a VM which is not there. `hasEnded`:
 * whether the log of events tells the end of an operation. To be asked before it is forgotten which VMs somebody has asked for.
 */
export function checkBatches(
  { vms: known }: Pick<Book, 'vms'>,
  batches: readonly CheckedBatch[],
  { names, hasEnded }: { readonly names: readonly string[]; readonly hasEnded: (operationId: string) => boolean },
): readonly string[] {
  const isMissing = (name: string): boolean => {
    const entry = known.find((vm) => vm.name === name);
    return entry !== undefined && entry.deletion === null && !names.includes(name);
  };
  return batches.flatMap(({ id, state, result }) => {
    const items = itemsOf(result);
    const failed = items.some((item) => item.state === 'failed');
    const wanted = failed ? 'failed' : 'succeeded';
    return [
      ...(items.length === 0 ? [`the batch ${id} tells of no items`] : []),
      ...(state === wanted ? [] : [`the batch ${id} has ${state}, and its items ${wanted}`]),
      ...items.flatMap(({ action, name, state: came, operation_id: operationId }) => [
        ...(/^(succeeded|failed|skipped)$/.test(came) ? [] : [`${action} ${name} of the batch ${id} is ${came}`]),
        ...(operationId === null || hasEnded(operationId)
          ? []
          : [`${action} ${name} of ${id} has no end: ${operationId}`]),
        ...(action === 'create' && came === 'succeeded' && isMissing(name)
          ? [`the batch ${id} made ${name}, which is lost`]
          : []),
      ]),
    ];
  });
}

function itemsOf(result: Operation['result']): readonly Item[] {
  if (typeof result !== 'object' || result === null || !('items' in result) || !Array.isArray(result['items']))
    return [];
  return result['items'].map((item) => ({
    action: String(item?.action),
    name: String(item?.name),
    state: String(item?.state),
    operation_id: typeof item?.operation_id === 'string' ? item.operation_id : null,
  }));
}

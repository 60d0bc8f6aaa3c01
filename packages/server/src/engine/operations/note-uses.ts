import type { EpochMs } from '../../domain/time.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { Tables } from '../../ports/store.ts';

/** Notes of what a VM is made now: in the transaction that stores it. */
export async function noteUses(
  { images, templates }: Pick<Tables, 'images' | 'templates'>,
  { image, template }: Pick<VmSpec, 'image' | 'template'>,
  now: EpochMs,
): Promise<void> {
  await images.noteUsed(image, now);
  if (template !== null) await templates.noteUsed(template, now);
}

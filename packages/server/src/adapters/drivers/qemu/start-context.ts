import type { MachineSpec, SavedRef } from '../../../ports/driver.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import type { OwnImage } from '../../shared/own-agent.ts';
import type { AcceleratorChooser } from './accelerator.ts';
import type { PackFiles } from './attachments/pack-files.ts';
import type { KeptImages } from './kept-images.ts';
import type { Machines } from './machines.ts';
import type { QemuProgram } from './qemu-program.ts';
import type { SavedMachine } from './saved/saved-machine.ts';

/** What machines are started with. */
export interface StartContext extends Abortable {
  readonly machines: Machines;
  readonly installationId: string;
  readonly program: QemuProgram;
  readonly accelerators: AcceleratorChooser;
  readonly images: KeptImages;
  readonly packFiles: PackFiles;
  readonly ownImage: OwnImage;
  /** The saved machine that a life begins from, unaltered. */
  readonly openSaved: (ref: SavedRef) => Promise<SavedMachine>;
  readonly faultPoint?: FaultPoint | undefined;
}

/**
 * A machine to be started; `isSpare`: ahead of its VM, to be given to it by a later start of the same life without
 * that.
 */
export interface StartSpec extends MachineSpec {
  readonly isSpare?: boolean;
}

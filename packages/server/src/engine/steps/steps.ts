import type { VmStep } from '../plans/plan-vm.ts';
import { attachTools } from './attach-tools.ts';
import { awaitGuest } from './await-guest.ts';
import { createDisk } from './create-disk.ts';
import { deleteDisk } from './delete-disk.ts';
import { endMachine } from './end-machine.ts';
import { ensureImage } from './ensure-image.ts';
import { ensureTools } from './ensure-tools.ts';
import { pauseMachine } from './pause-machine.ts';
import { prepareRestore } from './prepare-restore.ts';
import { resizeMachine } from './resize-machine.ts';
import { resumeMachine } from './resume-machine.ts';
import { shutDownGuest } from './shut-down-guest.ts';
import { startMachine } from './start-machine.ts';
import type { Step } from './step.ts';
import { suspendMachine } from './suspend-machine.ts';
import { wakeMachine } from './wake-machine.ts';

/** The step behind each name that the planner knows. */
export const STEPS = {
  'ensure-image': ensureImage,
  'create-disk': createDisk,
  'prepare-restore': prepareRestore,
  'start-machine': startMachine,
  'await-guest': awaitGuest,
  'ensure-tools': ensureTools,
  'attach-tools': attachTools,
  'pause-machine': pauseMachine,
  'resume-machine': resumeMachine,
  'resize-machine': resizeMachine,
  'suspend-machine': suspendMachine,
  'wake-machine': wakeMachine,
  'shut-down-guest': shutDownGuest,
  'end-machine': endMachine,
  'delete-disk': deleteDisk,
} as const satisfies Record<VmStep, Step>;

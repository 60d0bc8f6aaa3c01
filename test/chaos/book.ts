/**
 * What the clients know: of each thing that they asked for, whether the server has said yes. An answer that never came
 * means that nobody knows; then the server may have done it or not, but not half of it, and not twice.
 */

/** `asked`: no answer came. */
export type Answer = 'asked' | 'accepted' | 'refused';

export interface KnownVm {
  readonly name: string;
  id: string | null;
  creation: Answer;
  /** Null: nobody has asked for it. */
  deletion: Answer | null;
  /** It has begun with another one's disk, and so with lines that nobody wrote in it: no commands are run there. */
  readonly isFork?: true;
}

/** A command that was asked for once, and never again, whatever came of it. */
export interface KnownCommand {
  /** The line that it appends in the guest; nobody else does. */
  readonly token: string;
  readonly vm: KnownVm;
  readonly lineCount: number;
  answer: Answer;
  executionId: string | null;
  /** Checked to the end: nothing about it will change. */
  isSettled: boolean;
  /** It has exited with 0, so that its line is on the guest's disk for ever. */
  hasEndedWell: boolean;
}

export interface Book {
  readonly vms: KnownVm[];
  readonly commands: Map<string, KnownCommand>;
  /** Operations that were answered with 202, and have not been checked yet. */
  readonly operations: Set<string>;
  /** Lines of what was asked and answered, the newest last; bounded. */
  readonly history: string[];
  /** Things that the server must never answer. */
  readonly faults: string[];
  note(line: string): void;
  nextNumber(): number;
}

const HISTORY_LINES = 400;

export function createBook(): Book {
  let number = 0;
  const history: string[] = [];
  return {
    vms: [],
    commands: new Map(),
    operations: new Set(),
    history,
    faults: [],
    note(line) {
      history.push(`${new Date().toISOString().slice(11, 23)} ${line}`);
      if (history.length > HISTORY_LINES) history.shift();
    },
    nextNumber: () => number++,
  };
}

/** VMs that may be there. */
export function possibleVms({ vms }: Book): readonly KnownVm[] {
  return vms.filter((vm) => vm.creation !== 'refused' && vm.deletion !== 'accepted');
}

/**
 * What the clients know: of each thing that they asked for, whether the server has said yes. An answer that never came
 * means that nobody knows; then the server may have done it or not, but not half of it, and not twice.
 */

/** `asked`: no answer came. */
export type Answer = 'asked' | 'accepted' | 'refused';

/** Something that was asked for by a name that nothing else ever has. */
export interface Known {
  readonly name: string;
  creation: Answer;
  /** Null: nobody has asked for it. */
  deletion: Answer | null;
}

/** What something may be: one value, or more where no answer came. */
export type Possible<T> = T[];

/** Something that one client at a time changes, so that what the last one was told holds. */
export interface KnownShared extends Known {
  isBusy: boolean;
}

export interface KnownVm extends Known {
  id: string | null;
  /** It has begun with another one's disk, and so with lines that nobody wrote in it: no commands are run there. */
  readonly isFork?: true;
  /** Of one on a network. */
  readonly place?: KnownPlace;
}

/** What a VM may reach. One client at a time changes it. */
export interface KnownPlace {
  isBusy: boolean;
  readonly egress: Possible<string>;
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

export interface KnownDeployment extends KnownShared {
  readonly replicas: Possible<number>;
  readonly isPaused: Possible<boolean>;
  /** How many there are in the end where nobody says so but the load; null: as many as were asked for. */
  readonly settlesAt: number | null;
  /** The version that its VMs are told, by the number of their revision; as far as answers came. */
  readonly versions: Map<number, string>;
  /** Number of the revision that is wanted; null: no answer came. */
  target: number | null;
}

/** A VM with a name that begins with its own, and what was to be done in it. */
export interface KnownWorkspace extends Known {
  /** The lines that its steps append in the guest, in their order. */
  readonly lines: readonly string[];
}

export interface KnownNetwork extends KnownShared {
  /** Nobody deletes it before the end: replicas are made on it at any time. */
  readonly isKept: boolean;
  readonly egress: Possible<string>;
}

export interface KnownGroup extends KnownShared {
  readonly isKept: boolean;
  /** Those of its one rule. */
  readonly ports: Possible<string>;
}

export interface Book {
  readonly vms: KnownVm[];
  readonly deployments: KnownDeployment[];
  readonly workspaces: KnownWorkspace[];
  readonly networks: KnownNetwork[];
  readonly groups: KnownGroup[];
  readonly volumes: KnownShared[];
  readonly commands: Map<string, KnownCommand>;
  /** Batches that were accepted, and have not been checked yet. */
  readonly batches: Set<string>;
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
    deployments: [],
    workspaces: [],
    networks: [],
    groups: [],
    volumes: [],
    commands: new Map(),
    batches: new Set(),
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

/** Those that may be there. */
export function possible<T extends Known>(all: readonly T[]): readonly T[] {
  return all.filter(({ creation, deletion }) => creation !== 'refused' && deletion !== 'accepted');
}

/** Those that are there, and that nobody else deletes or changes now. */
export function free<T extends KnownShared>(all: readonly T[]): readonly T[] {
  return all.filter(({ creation, deletion, isBusy }) => creation === 'accepted' && deletion === null && !isBusy);
}

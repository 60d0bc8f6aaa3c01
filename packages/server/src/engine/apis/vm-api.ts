import type { VmId } from '../../domain/ids.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { VmPhase } from '../../domain/vm/phase.ts';
import type { VmPlaces } from '../../domain/vm/places.ts';
import type { Vm, VmHealth } from '../../domain/vm/vm.ts';
import type { CreateVmRequest } from '../../domain/vm/vm-request.ts';
import type { Accepted, Leaf, Once, Page, Precondition } from '../requests.ts';
import type { ConfigApi } from './config-api.ts';
import type { Waiting } from './waiting.ts';

export interface MigrateVmRequest {
  /** Id or name. */
  readonly targetHost: string;
}

/** A page of those that all of this is so of. */
export interface VmSelection {
  readonly limit: number;
  readonly after: VmId | null;
  readonly phases?: readonly VmPhase[];
  readonly name?: string;
  /** By labels; throws `invalid_argument` selector.invalid. */
  readonly selector?: string;
  readonly drivers?: readonly string[];
  /** A part of the name or of the id, in any case. */
  readonly search?: string;
}

export interface VmApi extends ConfigApi {
  /** Throws `already_exists` vm.name_taken, `invalid_argument` vm.*, `resource_exhausted` host.no_memory / host.no_disk with the figures, `failed_precondition` vm.no_warm_template / template.disabled, `not_found` template.unknown. */
  create(principal: Principal, request: CreateVmRequest, options?: Once): Promise<Accepted>;
  /** Throws `failed_precondition` vm.already_running. */
  start(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /** `graceMs` 0 ends the machine at once. Throws `failed_precondition` vm.already_stopped. */
  stop(principal: Principal, ref: string, options: Precondition & { readonly graceMs: number }): Promise<Accepted>;
  /** Starts a stopped one. */
  restart(principal: Principal, ref: string, options: Precondition & { readonly graceMs: number }): Promise<Accepted>;
  /** Throws `failed_precondition` vm.not_running, `unsupported` driver.cannot_pause. */
  pause(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /**
   * Saves its memory to disk and ends its machine; it goes on from there by `resume` or `start`. Throws `failed_precondition`
   * vm.not_running / vm.already_suspended, `unsupported` driver.no_snapshots, `resource_exhausted` host.no_disk.
   */
  suspend(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /** Of a suspended one, also `resource_exhausted` host.no_memory. Throws `failed_precondition` vm.not_paused. */
  resume(principal: Principal, ref: string, options: Precondition): Promise<Accepted>;
  /**
   * Works from every phase, also twice: a deletion under way is returned as it is. With `preservesVolumes` its guest is asked to shut down first, and its root and its own disks become volumes, which the
   * operation's result names; throws `failed_precondition` volume.nothing_to_keep, vm.being_deleted, `unsupported` driver.no_volumes then. Else a guest that runs is asked where
   * it has `graceMs` for it; without, its machine is ended at once, also when a deletion with more patience is under way.
   * With `isForced: false` it throws `failed_precondition` vm.still_running for one that has a machine.
   */
  delete(
    principal: Principal,
    ref: string,
    options: Precondition & {
      readonly preservesVolumes?: boolean;
      readonly graceMs?: number;
      readonly isForced?: boolean;
    },
  ): Promise<Accepted>;
  /**
   * Moves a machine that runs to another host. Throws `invalid_argument` host.not_another for the host that it is on or one that is not there, `failed_precondition`
   * vm.not_running, host.no_other where this server has one host alone.
   */
  migrate(principal: Principal, ref: string, request: MigrateVmRequest): Promise<Accepted>;
  get(principal: Principal, ref: string): Promise<Vm>;
  /** Pages that have not changed since are the same object, so that a face may keep what it made of one. */
  list(principal: Principal, selection: VmSelection): Promise<Page<Vm, VmId>>;
  /** Where it lies on its host. Told to those who may see the host (`host:read`); to others all is null. */
  locate(principal: Principal, ref: string): Promise<VmPlaces>;
  /** Those from the one with the number `offset` on, and how many there are in all. What has not changed since is the same object, as of `list`. */
  browse(
    principal: Principal,
    request: {
      readonly limit: number;
      readonly offset: number;
      readonly phases?: readonly VmPhase[];
      readonly drivers?: readonly string[];
      /** A part of the name or of the id, in any case. */
      readonly search?: string;
    },
  ): Promise<Leaf<Vm>>;
  /**
   * Resolves when the VM is in this phase (and, where given, in at least this incarnation), or is gone while `absent` is waited for (then with null).
   * Throws `deadline_exceeded` vm.wait_timeout, or `failed_precondition` vm.failed if it has failed meanwhile and something else was waited for.
   */
  wait(
    principal: Principal,
    ref: string,
    wanted: { readonly phase: VmPhase | 'absent'; readonly incarnation?: number; readonly health?: VmHealth },
    waiting: Waiting,
  ): Promise<Vm | null>;
  /** The console's bytes, as far as they are kept. */
  readConsole(
    principal: Principal,
    ref: string,
    options: { readonly offset: number; readonly follow: boolean; readonly signal: AbortSignal },
  ): Promise<AsyncIterable<{ readonly offset: number; readonly bytes: Uint8Array }>>;
}

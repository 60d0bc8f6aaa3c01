import type { NetworkMode } from '../../domain/network/vm-network.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { StorageUser } from '../../domain/system/usage.ts';
import type { WarmTemplate } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { Once } from '../requests.ts';
import type { TemplateKind } from '../warm/template-request.ts';

/** A warm template, and what can be done with it now. */
export interface WarmTemplateEntry extends WarmTemplate {
  /** Of its image; null when that is gone. */
  readonly image: string | null;
  /** Null where nobody can tell, of one that is of no use. */
  readonly networkMode: NetworkMode | null;
  /** VMs that are about to begin from it. Those that have begun need it no more. */
  readonly usedBy: readonly StorageUser[];
  /** Machines of it that wait for their VMs. */
  readonly spareCount: number;
  /** Why no VM begins from it, a sentence; null: the next one of its kind does. */
  readonly whyUnusable: string | null;
}

/** The warm templates of this host. */
export interface WarmTemplateApi {
  /** All of them, the one that was used last first. */
  list(principal: Principal, options: Abortable): Promise<readonly WarmTemplateEntry[]>;
  /**
   * Has the one made for VMs with this image and size, and defaults for the rest; one that is there stays. A build of the same one that is under way is
   * returned as it is. Throws `invalid_argument` vm.out_of_range / vm.unknown_image, `unsupported` driver.no_such_network_mode / driver.no_warm_templates,
   * `failed_precondition` warm_template.disabled.
   */
  build(principal: Principal, kind: Partial<TemplateKind>, options?: Once): Promise<Operation>;
  /**
   * Removes one, after the machines that wait of it. Throws `not_found` warm_template.unknown, `failed_precondition`
   * warm_template.in_use while VMs are about to begin from it.
   */
  remove(principal: Principal, key: string, options: Abortable): Promise<void>;
}

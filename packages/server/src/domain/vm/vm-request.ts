import type { JsonObject } from '../json.ts';
import type { GrantRequest } from '../secret/grant.ts';
import type { AskedOpenapi } from '../workload/interface.ts';
import type { Lifetime } from './expiry.ts';
import type { VmSpec } from './spec.ts';
import type { WarmStart } from './warm-start.ts';

/** Of a VM's spec, what somebody asks for. */
export type AskedSpec = Partial<Omit<VmSpec, 'openapi'>> & { readonly openapi?: AskedOpenapi | null };

/** A volume that a VM is to have. `disk`: name of the disk that it is of the VM; null: its own, as far as that goes. */
export interface AskedVolume {
  readonly ref: string;
  readonly disk: string | null;
  readonly isReadonly: boolean;
}

/** A VM as somebody asks for it. */
export interface CreateVmRequest {
  /** What it runs by; absent: the host's first. */
  readonly driver?: string;
  /** Null: a free one is made up. */
  readonly name: string | null;
  /** What it is made from, as `name` or `name@version`; absent: from nothing but this request. */
  readonly template?: string;
  readonly spec: AskedSpec;
  /** As `name` or `name@range`; besides those of the template, and in place of these where they name the same. */
  readonly tools?: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: JsonObject;
  /** False: the disk is made and nothing is started. */
  readonly start: boolean;
  readonly warmStart: WarmStart;
  /** After which it is deleted by itself; absent: never. */
  readonly lifetime?: Lifetime;
  /** Absent: none. */
  readonly secrets?: readonly GrantRequest[];
  /** Absent: none. */
  readonly volumes?: readonly AskedVolume[];
}

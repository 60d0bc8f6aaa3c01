import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Template, TemplateContent, TemplateSpec } from '../../domain/template/template.ts';
import type { AskedOpenapi } from '../../domain/workload/interface.ts';
import type { Once, Page } from '../requests.ts';

/** A version that somebody wants installed, as its manifest says. What is absent of `spec` has its default. */
export interface NewTemplate extends Pick<Template, 'name' | 'version' | 'description' | 'isEnabled'> {
  /** `spec.image` is not said where it brings one. */
  readonly content: Omit<TemplateContent, 'spec'> & { readonly spec: Partial<TemplateSpec> };
}

/** The same as a manifest says it: its OpenAPI document may be with another server still. */
export interface AskedTemplate extends Omit<NewTemplate, 'content'> {
  readonly content: Omit<NewTemplate['content'], 'spec'> & { readonly spec: AskedTemplateSpec };
}

export type AskedTemplateSpec = Omit<NewTemplate['content']['spec'], 'openapi'> & {
  readonly openapi?: AskedOpenapi | null;
};

/** A version with what it takes of this host. */
export interface MeasuredTemplate extends Template {
  /**
   * Bytes on the disk of what it brings and is there now: its own image, what its disks begin with, packs of the tools that its next VM would be given. What it
   * shares with others counts for each; an image that is not its own, and guests that wait for its VMs, count for none.
   */
  readonly sizeBytes: number;
}

/** A template with all its versions, newest first; there is one at least. */
export interface TemplateEntry {
  readonly name: string;
  readonly versions: readonly [MeasuredTemplate, ...MeasuredTemplate[]];
}

/**
 * What VMs are made from. A template is referred to by its name, or by `name@version`; an unknown one is `not_found` template.unknown,
 * and so is text that could be none.
 */
export interface TemplateApi {
  /**
   * Installs a version beside those that there are. One that brings an image needs `image:create` as well, and `image:import-local` for a file of the host or a private network. Throws `invalid_argument` template.invalid_name / template.invalid_version / vm.*, `already_exists` template.exists,
   * `failed_precondition` template.built_in for a name that is built in, `permission_denied` for one whose versions are another's,
   * `resource_exhausted` template.too_many.
   */
  create(principal: Principal, request: AskedTemplate, options?: Once): Promise<Operation>;
  /** Of a name: the newest version. */
  get(principal: Principal, ref: string): Promise<MeasuredTemplate>;
  /** By name. */
  list(
    principal: Principal,
    request: { readonly limit: number; readonly after: string | null },
  ): Promise<Page<TemplateEntry, string>>;
  /** Newest first. */
  versions(principal: Principal, name: string): Promise<readonly MeasuredTemplate[]>;
  /** Of a name: all its versions. Resolves with those that were meant. */
  setEnabled(principal: Principal, ref: string, isEnabled: boolean): Promise<readonly MeasuredTemplate[]>;
  /**
   * Of a name: all its versions, or none; what they brought is gone when it resolves. Throws `failed_precondition` template.in_use naming VMs that were made from it,
   * template.built_in.
   */
  delete(principal: Principal, ref: string): Promise<readonly MeasuredTemplate[]>;
}

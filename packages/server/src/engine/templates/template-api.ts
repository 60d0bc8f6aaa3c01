import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Template, TemplateContent, TemplateSpec } from '../../domain/template/template.ts';
import type { Once, Page } from '../requests.ts';

/** A version that somebody wants installed, as its manifest says. What is absent of `spec` has its default. */
export interface NewTemplate extends Pick<Template, 'name' | 'version' | 'description' | 'isEnabled'> {
  /** `spec.image` is not said where it brings one. */
  readonly content: Omit<TemplateContent, 'spec'> & { readonly spec: Partial<TemplateSpec> };
}

/** A template with all its versions, newest first; there is one at least. */
export interface TemplateEntry {
  readonly name: string;
  readonly versions: readonly [Template, ...Template[]];
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
  create(principal: Principal, request: NewTemplate, options?: Once): Promise<Operation>;
  /** Of a name: the newest version. */
  get(principal: Principal, ref: string): Promise<Template>;
  /** By name. */
  list(
    principal: Principal,
    request: { readonly limit: number; readonly after: string | null },
  ): Promise<Page<TemplateEntry, string>>;
  /** Newest first. */
  versions(principal: Principal, name: string): Promise<readonly Template[]>;
  /** Of a name: all its versions. Resolves with those that were meant. */
  setEnabled(principal: Principal, ref: string, isEnabled: boolean): Promise<readonly Template[]>;
  /**
   * Of a name: all its versions, or none. Throws `failed_precondition` template.in_use naming VMs that were made from it,
   * template.built_in.
   */
  delete(principal: Principal, ref: string): Promise<readonly Template[]>;
}

import { VolaryError } from '../errors.ts';
import type { OperationId, TemplateId } from '../ids.ts';
import type { ImageDefinition } from '../image/definition.ts';
import type { EpochMs } from '../time.ts';
import { isVmName, VM_NAME_PATTERN, type VmSpec } from '../vm/spec.ts';

/**
 * One version of what VMs are made from. It never changes but for whether it is enabled.
 *
 *   installing --> ready --> (gone)
 *        +-----------------> (gone)
 *
 * installing  its image is being fetched, by an operation; nobody is shown it, and it goes if that fails
 * ready       VMs can be made from it
 */
export interface Template {
  readonly id: TemplateId;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly content: TemplateContent;
  readonly state: TemplateState;
  /** Of its installation, while that is under way. */
  readonly operationId: OperationId | null;
  /** False: no VM is made from it. */
  readonly isEnabled: boolean;
  /** It came with this program: it can be disabled, and not deleted. */
  readonly isBuiltIn: boolean;
  /** Of one that is built in: `system`. */
  readonly owner: string;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  /** When a VM was last made from it; null: never. It is noted beside the record, which does not change by it. */
  readonly lastUsedAt: EpochMs | null;
  readonly revision: number;
}

export const TEMPLATE_STATES = ['installing', 'ready'] as const;
export type TemplateState = (typeof TEMPLATE_STATES)[number];

/** Of a VM's spec, what a template decides. */
export type TemplateSpec = Omit<VmSpec, 'template' | 'tools' | 'restartPolicy' | 'autoSuspend' | 'autoWake'>;

/** What a VM gets of it, unless whoever makes the VM wants something else. */
export interface TemplateContent {
  readonly spec: TemplateSpec;
  /** What `spec.image` stands for, where the template brings it: it comes and goes with the template. Null: the name is an image's of its own. */
  readonly image: ImageDefinition | null;
  /** As they were asked for, such as `nodejs@20`: each VM is given the version that is the newest of these when it is made. */
  readonly tools: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A version: digits, letters and `.+_-`, of which semantic versions are made; 1 to 64 characters. */
const TEMPLATE_VERSION_PATTERN = '^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$';
const VERSION = new RegExp(TEMPLATE_VERSION_PATTERN);

/** Throws `invalid_argument` template.invalid_name, template.invalid_version. A name is made like a VM's. */
export function checkTemplateName({ name, version }: Pick<Template, 'name' | 'version'>): void {
  if (!isVmName(name)) {
    throw new VolaryError(
      'invalid_argument',
      'A template name has 1 to 63 lower-case letters, digits and hyphens, and neither begins nor ends with a hyphen.',
      { reason: 'template.invalid_name', details: { field: 'name', pattern: VM_NAME_PATTERN } },
    );
  }
  if (VERSION.test(version)) return;
  throw new VolaryError(
    'invalid_argument',
    'A version has 1 to 64 letters, digits and any of `.+_-`, and begins with a letter or a digit.',
    { reason: 'template.invalid_version', details: { field: 'version', pattern: TEMPLATE_VERSION_PATTERN } },
  );
}

/** A template as requests name it: by its name, of which the newest version is meant, or `name@version`. */
export interface TemplateRef {
  readonly name: string;
  readonly version: string | null;
}

/** Null if that is none. */
export function parseTemplateRef(text: string): TemplateRef | null {
  const at = text.indexOf('@');
  const name = at < 0 ? text : text.slice(0, at);
  const version = at < 0 ? null : text.slice(at + 1);
  return isVmName(name) && (version === null || VERSION.test(version)) ? { name, version } : null;
}

/** The name of the image that a version brings: readable, and no other version's, which the end of its id sees to. */
export function imageNameOf({ id, name, version }: Pick<Template, 'id' | 'name' | 'version'>): string {
  const readable = `${name}--${version.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 50).replace(/-+$/, '');
  return `${readable}-${id.slice(-8)}`;
}

/** `name@version`. */
export function titleOfTemplate({ name, version }: Pick<Template, 'name' | 'version'>): string {
  return `${name}@${version}`;
}

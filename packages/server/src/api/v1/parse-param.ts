import { type Id, type IdPrefix, type OperationId, parseId, parseOperationId } from '../../domain/ids.ts';
import { invalidFields } from '../validation.ts';

/** The id in this parameter. Throws `invalid_argument` request.invalid; the schema has refused most of what is none. */
export function idParam<P extends IdPrefix>(prefix: P, field: string, text: string): Id<P> {
  const id = parseId(prefix, text);
  if (id !== null) return id;
  throw invalidFields([
    { field, message: `is not the id of a kind \`${prefix}\``, allowed: { pattern: `^${prefix}_[0-7][0-9a-z]{25}$` } },
  ]);
}

/** The operation in the parameter `id`, also as a dialect calls it. Throws `invalid_argument` request.invalid. */
export function operationParam(text: string): OperationId {
  return parseOperationId(text) ?? idParam('op', 'id', text);
}

/** The id to go on after, or null for the first page. */
export function cursorParam<P extends IdPrefix>(prefix: P, text: string | undefined): Id<P> | null {
  return text === undefined ? null : idParam(prefix, 'cursor', text);
}

/** The selector of a list, if there is one. */
export function selected(selector: string | undefined): { readonly selector?: string } {
  return selector === undefined ? {} : { selector };
}

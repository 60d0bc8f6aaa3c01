import type { SlashCommand } from '../../../domain/integrations.ts';
import { invalidFields } from '../../validation.ts';

/**
 * What was given with a command, by name: what was filled in, and what was written behind it, `web vcpus=2`. What stands alone there is `alone`, which is
 * allowed too. Throws `invalid_argument` request.invalid for other names, and for what is given twice.
 */
export function readOptions<Name extends string>(
  { text, options }: Pick<SlashCommand, 'text' | 'options'>,
  alone: Name,
  ...others: readonly Name[]
): Readonly<Partial<Record<Name, string>>> {
  const allowed = [alone, ...others];
  const written = text.split(/\s+/).filter((word) => word !== '');
  const given: Partial<Record<Name, string>> = {};
  for (const { name, value } of [...options, ...written.map((word) => optionOf(word, alone))]) {
    const known = allowed.find((each) => each === name);
    if (known === undefined)
      throw invalidFields([{ field: name, message: `is none of: ${allowed.join(', ')}`, allowed }]);
    const before = given[known];
    if (before !== undefined) throw invalidFields([{ field: name, message: `is given twice: ${before} and ${value}` }]);
    given[known] = value.trim();
  }
  return given;
}

/** `vcpus=2`, or a value alone. */
function optionOf(word: string, alone: string): { readonly name: string; readonly value: string } {
  const [, name = alone, value = ''] = /^(?:([a-z_]+)=)?(.*)$/s.exec(word) ?? [];
  return { name, value };
}

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VolaryError } from '../../domain/errors.ts';
import type { RecipeDefinition } from '../../domain/image/definition.ts';

/** What an image is made of. Read from `guest/image/<name>/recipe.json`. */
export interface Recipe {
  readonly name: string;
  readonly description: string;
  /** Debian's release: `bookworm`. */
  readonly suite: string;
  /** Packages beyond the minimal system. */
  readonly packages: readonly string[];
  /** The package that depends on the kernel's newest version. */
  readonly kernelPackage: string;
  /** Size of the root file system before a VM's disk makes it larger. */
  readonly rootGib: number;
  /** Kernel modules that the guest needs before its root is mounted, in the order in which they are wanted. */
  readonly modules: readonly string[];
  /** What a user wants in it besides; absent in those of the checkout. */
  readonly additions?: Additions;
}

export type Additions = Pick<RecipeDefinition, 'files' | 'commands'>;

/** A recipe of a user: what `base` is made of, and more. */
export function recipeOn(base: Recipe, name: string, definition: RecipeDefinition): Recipe {
  const { description, packages, files, commands, rootGib } = definition;
  return {
    ...{ ...base, name, description, rootGib },
    packages: [...new Set([...base.packages, ...packages])],
    additions: { files, commands },
  };
}

const WORD = /^[a-z0-9][a-z0-9+._-]*$/i;

/** All recipes below this directory, by name. Throws `internal` image.bad_recipe for one that is not well-formed. */
export async function readRecipes(directory: string): Promise<ReadonlyMap<string, Recipe>> {
  const recipes = new Map<string, Recipe>();
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const recipe = parseRecipe(entry.name, await readFile(join(directory, entry.name, 'recipe.json'), 'utf8'));
    recipes.set(recipe.name, recipe);
  }
  return recipes;
}

/** The recipe in this text, whose name must be that of its directory. */
export function parseRecipe(name: string, text: string): Recipe {
  const value: unknown = JSON.parse(text);
  if (!isRecipe(value) || value.name !== name) {
    throw new VolaryError('internal', `The recipe of image ${name} is not well-formed.`, {
      reason: 'image.bad_recipe',
    });
  }
  return value;
}

/** Its words become arguments of programs, so that none may look like an option or a path. */
function isRecipe(value: unknown): value is Recipe {
  if (typeof value !== 'object' || value === null) return false;
  const {
    name,
    description,
    suite,
    packages,
    kernelPackage,
    rootGib,
    modules,
  }: Partial<Record<keyof Recipe, unknown>> = value;
  return (
    [name, suite, kernelPackage].every(isWord) &&
    typeof description === 'string' &&
    [packages, modules].every((list) => Array.isArray(list) && list.every(isWord)) &&
    typeof rootGib === 'number' &&
    Number.isInteger(rootGib) &&
    rootGib >= 1
  );
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && WORD.test(value);
}

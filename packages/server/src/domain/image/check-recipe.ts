import type { RecipeDefinition, RecipeFile } from './definition.ts';
import { invalidDefinition as invalid } from './invalid-definition.ts';

/** Inclusive bounds of one recipe; characters, and the size of its root. */
const RECIPE_LIMITS = {
  packages: 256,
  files: 256,
  pathLength: 4_096,
  contentLength: 262_144,
  commands: 64,
  commandLength: 8_192,
  rootGib: { minimum: 1, maximum: 64 },
} as const;

/** As Debian's policy has names of packages: nothing that a program could take for an option or a path. */
const PACKAGE = /^[a-z0-9][a-z0-9+.-]{1,127}$/;
const OWNER = /^[a-z0-9_][a-z0-9_-]{0,31}(:[a-z0-9_][a-z0-9_-]{0,31})?$/;
/** An absolute path, without a slash at its end; no part of it may be empty either. It stands in a list, a line each. */
const PATH = /^\/[^\0\t\n\r]*[^/\0\t\n\r]$/;

/** `at`: where it stands in the request. Throws `invalid_argument` image.invalid_definition. */
export function checkRecipe({ packages, files, commands, rootGib }: RecipeDefinition, at = 'recipe'): void {
  const { minimum, maximum } = RECIPE_LIMITS.rootGib;
  if (packages.length > RECIPE_LIMITS.packages) throw invalid(`${at}.packages`, 'There are too many packages.');
  for (const [index, name] of packages.entries())
    if (!PACKAGE.test(name)) throw invalid(`${at}.packages[${index}]`, 'It is no name of a package of Debian.');
  if (files.length > RECIPE_LIMITS.files) throw invalid(`${at}.files`, 'There are too many files.');
  for (const [index, file] of files.entries()) checkFile(`${at}.files[${index}]`, file);
  if (commands.length > RECIPE_LIMITS.commands) throw invalid(`${at}.commands`, 'There are too many commands.');
  for (const [index, command] of commands.entries())
    if (command.length > RECIPE_LIMITS.commandLength || command.includes('\0'))
      throw invalid(`${at}.commands[${index}]`, 'A command is too long, or has a zero in it.');
  if (!Number.isInteger(rootGib) || rootGib < minimum || rootGib > maximum)
    throw invalid(`${at}.root_gib`, `The size of the root is ${minimum} to ${maximum} GiB.`);
}

function checkFile(field: string, { path, content, mode, owner }: RecipeFile): void {
  const isPath = PATH.test(path) && !path.includes('//') && path.length <= RECIPE_LIMITS.pathLength;
  if (!isPath || path.split('/').some((word) => word === '..' || word === '.'))
    throw invalid(`${field}.path`, 'A file has an absolute path, without `.` and `..`.');
  if (content.length > RECIPE_LIMITS.contentLength) throw invalid(`${field}.content`, 'A file is too long.');
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o7777) throw invalid(`${field}.mode`, 'A mode is 0000 to 7777.');
  if (!OWNER.test(owner)) throw invalid(`${field}.owner`, 'An owner is `user` or `user:group`.');
}

/**
 * Becomes another program: the same process, with our streams, so that its signals and its exit code need nobody to pass
 * them on. Returns only by throwing.
 *
 * @param argv the program by its path, then its arguments.
 */
export function execProgram(
  argv: readonly [program: string, ...args: string[]],
  options: { readonly env?: NodeJS.ProcessEnv } = {},
): never {
  if (process.execve === undefined) throw new Error('This Node.js cannot replace itself by another program.');
  return process.execve(argv[0], [...argv], options.env ?? process.env);
}

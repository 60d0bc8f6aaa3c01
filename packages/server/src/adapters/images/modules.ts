/** A kernel module's name as the kernel sees it: `-` and `_` are one. */
function nameOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.slice(0, file.indexOf('.ko')).replaceAll('-', '_');
}

/**
 * Paths of the modules that have to be loaded for the wanted ones, each after those it needs, from depmod's lists
 * (modules.dep(5), modules.builtin). What is built into the kernel is left out. Throws RangeError for a module there is not.
 */
export function resolveModules(
  wanted: readonly string[],
  modulesDep: string,
  modulesBuiltin: string,
): readonly string[] {
  const needs = new Map<string, { readonly path: string; readonly dependencies: readonly string[] }>();
  for (const line of modulesDep.split('\n')) {
    const [path, rest = ''] = line.split(':');
    if (path === undefined || path === '') continue;
    needs.set(nameOf(path), { path, dependencies: rest.trim().split(/\s+/).filter(Boolean) });
  }
  const builtin = new Set(modulesBuiltin.split('\n').filter(Boolean).map(nameOf));
  const order: string[] = [];

  function visit(name: string): void {
    if (builtin.has(name)) return;
    const found = needs.get(name);
    if (found === undefined) throw new RangeError(`the kernel has no module ${name}`);
    if (order.includes(found.path)) return;
    // modules.dep lists them nearest first; the farthest has to be loaded first.
    for (const dependency of found.dependencies.toReversed()) visit(nameOf(dependency));
    order.push(found.path);
  }

  for (const name of wanted) visit(name.replaceAll('-', '_'));
  return order;
}

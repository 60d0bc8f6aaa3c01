import { badModules } from './bad-modules.ts';

/** Far more than our kernels need before their root is there. */
const MOST_MODULES = 256;
const MOST_PATH_LENGTH = 255;
/** Below the kernel's directory, and nothing that another program could read as more than one word or as a way out of there. */
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.+,-]*$/;
const FILE = /^[A-Za-z0-9_+,-]+\.ko(?:\.(?:gz|xz|zst))?$/;

function isModulePath(path: string): boolean {
  const parts = path.split('/');
  return parts.length > 1 && parts.every((part) => PART.test(part)) && FILE.test(parts.at(-1) ?? '');
}

/** A kernel module's name as the kernel sees it: `-` and `_` are one. */
function nameOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.slice(0, file.indexOf('.ko')).replaceAll('-', '_');
}

/**
 * Paths of the modules that have to be loaded for the wanted ones, each after those it needs, from depmod's lists
 * (modules.dep(5), modules.builtin). What is built into the kernel is left out. The lists are a user's as much as the root they come from.
 * Throws `failed_precondition` image.bad_modules for a module there is not, for a path that is none of a module's, and for more than
 * a guest loads.
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
  const order = new Set<string>();
  const entered = new Set<string>();

  function visit(name: string): void {
    if (builtin.has(name)) return;
    const found = needs.get(name);
    if (found === undefined) throw badModules(`there is no module ${printable(name)}`);
    const { path, dependencies } = found;
    if (order.has(path)) return;
    if (path.length > MOST_PATH_LENGTH || !isModulePath(path))
      throw badModules(`${printable(path)} is no path of a module`);
    if (entered.has(path)) throw badModules(`${printable(name)} needs itself`);
    entered.add(path);
    if (entered.size > MOST_MODULES) throw badModules(`more than ${MOST_MODULES} are needed`);
    // modules.dep lists them nearest first; the farthest has to be loaded first.
    for (const dependency of dependencies.toReversed()) visit(nameOf(dependency));
    order.add(path);
  }

  for (const name of wanted) visit(name.replaceAll('-', '_'));
  return [...order];
}

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}

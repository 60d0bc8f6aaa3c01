/** What of a VM's tools can be given to its machine, and is not there yet. */
import { VolaryError } from '../../domain/errors.ts';
import { invalidTool } from '../../domain/tool/invalid-tool.ts';
import { parseToolRequest, type ToolRequest, type VmTool } from '../../domain/tool/tool.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Pack } from '../../ports/machine-packs.ts';
import type { EngineDeps } from '../deps.ts';
import { withTimeout } from '../with-timeout.ts';

/** How long a site may take to say which versions it has. */
const RESOLVE_MS = 60_000;

type ToolDeps = Pick<EngineDeps, 'driver' | 'tools'>;

/**
 * The exact versions of what was asked for; of two requests for one tool the later one counts. Throws `invalid_argument` tool.*,
 * `unavailable` tool.unreachable, `unsupported` driver.no_tools.
 */
export async function resolveTools(
  { tools, clock }: Pick<EngineDeps, 'tools' | 'clock'>,
  driver: Driver,
  asked: readonly string[],
): Promise<readonly VmTool[]> {
  if (asked.length > 0 && driver.packs === null && !driver.capabilities.supportsFixedPacks) {
    throw new VolaryError('unsupported', `Machines of the ${driver.kind} driver cannot be given tools.`, {
      reason: 'driver.no_tools',
      details: { field: 'tools' },
    });
  }
  const requests = asked.map((text) => {
    const request = parseToolRequest(text);
    if (request === null) throw invalidTool(text);
    return request;
  });
  const resolved = await Promise.all(requests.map((request) => resolveTool({ tools, clock }, request)));
  return [...new Map(resolved.map((tool) => [tool.name, tool])).values()];
}

/** Throws `unsupported` driver.tools_fixed where other tools cannot be given to a VM that is there. */
export function requireChangeable({ kind, capabilities }: Pick<Driver, 'kind' | 'capabilities'>): void {
  if (!capabilities.supportsFixedPacks) return;
  throw new VolaryError('unsupported', `A VM of the ${kind} driver keeps the tools that it was made with.`, {
    reason: 'driver.tools_fixed',
    details: { field: 'tools' },
  });
}

/** The exact version of one. Throws likewise. */
export async function resolveTool(
  { tools, clock }: Pick<EngineDeps, 'tools' | 'clock'>,
  request: ToolRequest,
): Promise<VmTool> {
  return await withTimeout(
    clock,
    RESOLVE_MS,
    new AbortController().signal,
    (signal) => tools.resolve(request, { signal }),
    () => tooSlow(request.name),
  );
}

/** What the VM's machine is to be given: its files are kept by the VM, or are in the cache. Null: one of them is not there. */
export async function findPacks({ driver, tools }: ToolDeps, { id, spec }: Vm): Promise<readonly Pack[] | null> {
  if (spec.tools.length === 0) return [];
  const kept = (await driver.packs?.kept(id)) ?? [];
  const found = await Promise.all(
    spec.tools.map(async ({ name, version, digest }): Promise<Pack | null> => {
      if (digest === null) return null;
      const built = await tools.find({ name, version }, digest);
      return built === null && !kept.includes(digest) ? null : { name, version, digest, path: built?.path ?? null };
    }),
  );
  return found.every((pack) => pack !== null) ? found : null;
}

/** Whether its machine lacks one; `packs`: digests of those that it has. */
export function lacksTools({ spec }: Pick<Vm, 'spec'>, packs: readonly string[] = []): boolean {
  return spec.tools.some(({ digest }) => digest === null || !packs.includes(digest));
}

function tooSlow(name: string): VolaryError {
  return new VolaryError('unavailable', `Which versions of ${name} there are could not be found out in time.`, {
    reason: 'tool.unreachable',
    details: { tool: name },
  });
}

/** What of a VM's tools can be given to its machine, and is not there yet. */
import { VolaryError } from '../../domain/errors.ts';
import { parseToolRequest, type ToolRequest, type VmTool } from '../../domain/tool/tool.ts';
import type { Vm } from '../../domain/vm/vm.ts';
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
  { driver, tools, clock }: ToolDeps & Pick<EngineDeps, 'clock'>,
  asked: readonly string[],
): Promise<readonly VmTool[]> {
  if (asked.length > 0 && driver.packs === null) {
    throw new VolaryError('unsupported', `Machines of the ${driver.kind} driver cannot be given tools.`, {
      reason: 'driver.no_tools',
      details: { field: 'tools' },
    });
  }
  const resolved = new Map<string, VmTool>();
  for (const text of asked) {
    const request = parseToolRequest(text);
    if (request === null) throw invalidTool(text);
    const tool = await resolveTool({ tools, clock }, request);
    resolved.set(tool.name, tool);
  }
  return [...resolved.values()];
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
  const found: Pack[] = [];
  for (const { name, version, digest } of spec.tools) {
    if (digest === null) return null;
    const built = await tools.find({ name, version }, digest);
    if (built === null && !kept.includes(digest)) return null;
    found.push({ name, version, digest, path: built?.path ?? null });
  }
  return found;
}

/** Whether its machine lacks one; `packs`: digests of those that it has. */
export function lacksTools({ spec }: Pick<Vm, 'spec'>, packs: readonly string[] = []): boolean {
  return spec.tools.some(({ digest }) => digest === null || !packs.includes(digest));
}

function invalidTool(text: string): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `"${text}" names no tool. Write it as nodejs, nodejs@20 or nodejs@latest.`,
    {
      reason: 'tool.invalid_request',
      details: { field: 'tools' },
    },
  );
}

function tooSlow(name: string): VolaryError {
  return new VolaryError('unavailable', `Which versions of ${name} there are could not be found out in time.`, {
    reason: 'tool.unreachable',
    details: { tool: name },
  });
}

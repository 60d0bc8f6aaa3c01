import { createHash } from 'node:crypto';
import { VolaryError } from '../../../domain/errors.ts';
import type { ToolPack, VmTool } from '../../../domain/tool/tool.ts';
import { newestOf, parseRange } from '../../../domain/tool/version-range.ts';
import type { ToolSource } from '../../../ports/tool-source.ts';

/** Which there are, newest first. `broken` cannot be built. */
const TOOLS: ReadonlyMap<string, readonly string[]> = new Map([
  ['nodejs', ['22.11.0', '20.19.5', '20.18.0']],
  ['bun', ['1.2.3']],
  ['git', ['2.39.5']],
  ['claude-code', ['2.0.14', '1.0.128']],
  ['go', ['1.23.0', '1.22.8']],
  ['python', ['3.12.7', '3.11.10']],
  ['cloud-init', ['22.4.2']],
  ['broken', ['1.0.0']],
]);
const NAMES: readonly string[] = [...TOOLS.keys()];
const PACK_BYTES = 4096;

/** Tools of simulated machines: they have no content, and building them takes no time. */
export function createSimulatedTools(now: () => number): ToolSource {
  const built = new Map<string, ToolPack>();
  const versionsOf = (name: string): readonly string[] => {
    const versions = TOOLS.get(name);
    if (versions !== undefined) return versions;
    throw new VolaryError('invalid_argument', `There is no tool ${name}; there are: ${NAMES.join(', ')}.`, {
      reason: 'tool.unknown',
      details: { field: 'tools', tool: name, allowed: NAMES },
    });
  };
  const find = async ({ name, version }: Pick<VmTool, 'name' | 'version'>): Promise<ToolPack | null> =>
    built.get(digestOf(name, version)) ?? null;

  return {
    catalogue: async () =>
      NAMES.map((name) => ({ name, description: 'simulated', aliases: [], sources: ['simulated'] })),
    async resolve({ name, range }) {
      const versions = versionsOf(name);
      const isIn = range === null || range === 'latest' ? () => true : parseRange(range);
      const version = isIn === null ? null : newestOf(versions, isIn);
      if (version === null) {
        throw new VolaryError(
          'invalid_argument',
          `There is no version ${range} of ${name}; there are: ${versions.join(', ')}.`,
          { reason: 'tool.unknown_version', details: { field: 'tools', tool: name, allowed: versions } },
        );
      }
      return { name, version, digest: (await find({ name, version }))?.digest ?? null };
    },
    versions: async (name) => versionsOf(name),
    find,
    async ensure({ name, version }, { signal, onProgress }) {
      signal.throwIfAborted();
      if (name === 'broken') {
        throw new VolaryError('failed_precondition', 'It failed while writing the pack:\nsimulated', {
          reason: 'tool.build_failed',
        });
      }
      const digest = digestOf(name, version);
      onProgress({ step: 'simulate', fraction: 1, message: 'nothing to build' });
      const at = now();
      const pack = { name, version, digest, path: '', sizeBytes: PACK_BYTES, builtAt: at, usedAt: at };
      built.set(digest, built.get(digest) ?? pack);
      return built.get(digest) ?? pack;
    },
    list: async () => [...built.values()].reverse(),
    async noteUsed(digest) {
      const pack = built.get(digest);
      if (pack !== undefined) built.set(digest, { ...pack, usedAt: now() });
    },
    remove: async (digest) => built.delete(digest),
  };
}

function digestOf(name: string, version: string): string {
  return createHash('sha256').update(`${name}@${version}`).digest('hex');
}

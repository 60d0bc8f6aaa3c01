import type { ToolSource } from '../../ports/tool-source.ts';

/**
 * Tools whose catalogue is read when somebody first asks for one: most servers have nobody who does for a long time, and a parser takes more memory
 * than all else of it. `open` is asked again after it has failed.
 */
export function createLazyToolSource(open: () => Promise<ToolSource>): ToolSource {
  let opening: Promise<ToolSource> | null = null;
  const opened = (): Promise<ToolSource> => {
    opening ??= open().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  };
  return {
    catalogue: async () => (await opened()).catalogue(),
    resolve: async (request, options) => (await opened()).resolve(request, options),
    versions: async (name, options) => (await opened()).versions(name, options),
    find: async (tool, digest) => (await opened()).find(tool, digest),
    ensure: async (tool, options) => (await opened()).ensure(tool, options),
    list: async () => (await opened()).list(),
    noteUsed: async (digest) => (await opened()).noteUsed(digest),
    remove: async (digest) => (await opened()).remove(digest),
  };
}

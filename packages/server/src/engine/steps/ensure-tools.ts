import type { VmTool } from '../../domain/tool/tool.ts';
import type { Step } from './step.ts';

/** Builds the packs of the VM's tools that are not there. What they are is known then: of a version that is built anew, another one. */
export const ensureTools: Step = async ({ driver, tools }, { vm, signal, onProgress }) => {
  const kept = (await driver.packs?.kept(vm.id)) ?? [];
  const ensured: VmTool[] = [];
  for (const [index, tool] of vm.spec.tools.entries()) {
    const { name, version, digest } = tool;
    const isThere =
      digest !== null && (kept.includes(digest) || (await tools.find({ name, version }, digest)) !== null);
    if (isThere) {
      ensured.push(tool);
      continue;
    }
    const pack = await tools.ensure(tool, {
      signal,
      onProgress: ({ fraction, message }) =>
        onProgress({
          fraction: fraction === null ? null : (index + fraction) / vm.spec.tools.length,
          message: `${name} ${version}: ${message}`,
        }),
    });
    ensured.push({ name, version, digest: pack.digest });
  }
  return { spec: { ...vm.spec, tools: ensured } };
};

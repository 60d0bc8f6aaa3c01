import { parseToolRequest } from '../../domain/tool/tool.ts';
import type { EngineDeps } from '../deps.ts';
import { toolEvent } from '../operations/remove-tool.ts';
import { type Builds, createBuilds } from '../reconcile/builds.ts';
import { inItsTime } from '../reconcile/operation-deadline.ts';

/** The builds of tools that are operations. */
export function createToolBuilds(
  deps: Pick<EngineDeps, 'store' | 'tools' | 'bus' | 'clock' | 'log' | 'tracer'>,
): Builds {
  return createBuilds(deps, async (operation, recorder, { signal }) => {
    const { subject } = operation;
    const wanted = parseToolRequest(subject.name);
    if (wanted === null || wanted.range === null) throw new TypeError('the operation names no version of a tool');
    const asked = { name: wanted.name, version: wanted.range };
    const pack = await inItsTime(deps.clock, operation, signal, (limited) =>
      deps.tools.ensure(asked, {
        signal: limited,
        onProgress: ({ step, fraction, message }) => recorder.report({ fraction, message: `${step}: ${message}` }),
      }),
    );
    const { name, version, digest } = pack;
    await recorder.succeed({ name, version, digest }, [toolEvent('tool.built', pack, deps.clock.now())]);
  });
}

import { VolaryError } from '../../domain/errors.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import type { EngineDeps } from '../deps.ts';
import { type Builds, createBuilds } from '../reconcile/builds.ts';
import { inItsTime } from '../reconcile/operation-deadline.ts';
import { admitMemory } from '../scheduler/admission.ts';
import { makingRoom, type RoomDeps } from '../scheduler/make-room.ts';
import type { TemplateMaker } from './template-maker.ts';
import { readTemplateKind, toTemplateResult } from './template-request.ts';

type BuildDeps = Pick<EngineDeps, 'store' | 'images' | 'bus' | 'clock' | 'ids' | 'log' | 'tracer'> &
  RoomDeps & { readonly templates: TemplateMaker };

/** The builds of warm templates that are operations: their image is built, unless it is there, and a guest boots that is saved. */
export function createTemplateBuilds(deps: BuildDeps): Builds {
  return createBuilds(deps, async (operation, recorder, { signal }) => {
    const kind = readTemplateKind(operation.result);
    if (kind === null) throw damaged();
    const image = await inItsTime(deps.clock, operation, signal, (limited) =>
      deps.images.ensure(kind.image, {
        signal: limited,
        onProgress: ({ step, fraction, message }) => recorder.report({ fraction, message: `${step}: ${message}` }),
      }),
    );
    const spec = { ...VM_DEFAULTS, ...kind };
    const like = { vmId: deps.ids.create('vm'), name: 'like', incarnation: 1, spec, labels: {}, image };
    const admit = () =>
      makingRoom(deps, async (facts) => {
        admitMemory(kind.memoryMib, facts, await deps.store.vms.promised(), deps.config.limits);
        return true;
      });
    const onProgress = (message: string): void => recorder.report({ fraction: null, message });
    const template = await deps.templates.make(like, { admit, signal, onProgress });
    if (template === null) throw new TypeError('what was admitted is made');
    await recorder.succeed(toTemplateResult(kind, template.key));
  });
}

function damaged(): VolaryError {
  return new VolaryError('data_loss', 'What template was asked for cannot be read in the database.', {
    reason: 'store.damaged',
  });
}

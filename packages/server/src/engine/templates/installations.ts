import { VolaryError } from '../../domain/errors.ts';
import type { Template } from '../../domain/template/template.ts';
import type { EngineDeps } from '../deps.ts';
import { templateEvent } from '../operations/template-events.ts';
import { type Builds, createBuilds } from '../reconcile/builds.ts';
import { findInstalling } from './installing.ts';

type InstallDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log'>;

/** The installations of templates: a version is shown when all that it brings is there. */
export function createInstallations(deps: InstallDeps): Builds {
  return createBuilds(deps, async (operation, recorder) => {
    const template = await findInstalling(deps.store, operation);
    if (template === null) throw gone(operation.subject.name);
    const now = deps.clock.now();
    const ready: Template = {
      ...template,
      ...{ state: 'ready', operationId: null },
      updatedAt: now,
      revision: template.revision + 1,
    };
    const { id, name, version } = ready;
    const result = { id, name, version };
    await recorder.succeed(result, [templateEvent('template.installed', ready, now)], ({ templates }) =>
      templates.update(ready),
    );
  });
}

function gone(name: string): VolaryError {
  return new VolaryError('aborted', `${name} is not being installed any more.`, { reason: 'template.gone' });
}

import { toVolaryError, VolaryError } from '../../domain/errors.ts';
import type { StoredImage } from '../../domain/image/definition.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import { type Template, titleOfTemplate } from '../../domain/template/template.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { Tables } from '../../ports/store.ts';
import type { EngineDeps } from '../deps.ts';
import { ensureContents } from '../images/disk-contents.ts';
import { isConflict } from '../is-conflict.ts';
import { templateEvent } from '../operations/template-events.ts';
import { type Builds, createBuilds } from '../reconcile/builds.ts';
import { inItsTime } from '../reconcile/operation-deadline.ts';
import type { OperationRecorder } from '../reconcile/operation-recorder.ts';
import { dropInstallation, findInstalling } from './installing.ts';

type InstallDeps = Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'log' | 'images' | 'tracer'>;

/** The installations of templates: a version is shown when all that it brings is there, and when that fails nothing is kept of it. */
export function createInstallations(deps: InstallDeps): Builds {
  return createBuilds(deps, async (operation, recorder, options) => {
    try {
      await install(deps, operation, recorder, options);
    } catch (error) {
      // A server that stops goes on with it when it starts again; what was cancelled is gone already.
      if (options.signal.aborted || isConflict(error)) throw error;
      const { reason } = toVolaryError(error);
      deps.log.warn('a template was not installed', { template: operation.subject.name, reason });
      await recorder.fail(error, (tables) => dropInstallation(tables, operation));
    }
  });
}

async function install(
  deps: InstallDeps,
  operation: Operation,
  recorder: OperationRecorder,
  { signal }: Abortable,
): Promise<void> {
  const template = await findInstalling(deps.store, operation);
  if (template === null) throw gone(operation.subject.name);
  const { spec, image } = template.content;
  if (image !== null) {
    await inItsTime(deps.clock, operation, signal, (limited) =>
      deps.images.ensure(spec.image, {
        signal: limited,
        definition: image,
        onProgress: ({ step, fraction, message }) => recorder.report({ fraction, message: `${step}: ${message}` }),
      }),
    );
  }
  await ensureContents(deps.images, spec.disks, {
    signal,
    onProgress: ({ fraction, step, message }) => recorder.report({ fraction, message: `${step}: ${message}` }),
  });
  const now = deps.clock.now();
  const { id, name, version } = template;
  await recorder.succeed({ id, name, version }, [templateEvent('template.installed', template, now)], (tables) =>
    show(tables, template, now),
  );
}

/** From here on VMs are made from it, by the name of its image too. */
async function show(tables: Pick<Tables, 'templates' | 'images'>, template: Template, now: number): Promise<void> {
  const { spec, image } = template.content;
  if (image !== null) {
    const stored: StoredImage = {
      name: spec.image,
      definition: image,
      owner: template.owner,
      template: titleOfTemplate(template),
      ...{ createdAt: now, updatedAt: now },
    };
    await tables.images.put(stored);
  }
  const shown = { state: 'ready', operationId: null, updatedAt: now, revision: template.revision + 1 } as const;
  await tables.templates.update({ ...template, ...shown });
}

function gone(name: string): VolaryError {
  return new VolaryError('aborted', `${name} is not being installed any more.`, { reason: 'template.gone' });
}

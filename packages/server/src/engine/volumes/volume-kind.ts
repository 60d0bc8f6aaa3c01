import type { Volume } from '../../domain/volume/volume.ts';
import type { ResourceKind } from '../resources/resource-writer.ts';
import { volumeEvent } from './volume-events.ts';

/** How volumes are stored and told of. */
export const VOLUME_KIND: ResourceKind<Volume> = {
  update: (tables, volume) => tables.volumes.update(volume),
  delete: (tables, { id, revision }) => tables.volumes.delete(id, revision),
  event: (end, volume, operation, at, data) => volumeEvent(`volume.${end}`, volume, operation, at, data),
};

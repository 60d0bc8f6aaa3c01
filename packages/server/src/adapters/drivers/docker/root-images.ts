/** The roots of our images in the engine: each is imported once, by its digest, and belongs to all who use this engine. */

import { VolaryError } from '../../../domain/errors.ts';
import type { Image } from '../../../domain/image/image.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { fieldsOf, LABELS, listOf, PATIENCE_MS } from './engine/containers.ts';
import type { EngineClient } from './engine/engine-client.ts';
import { rootTar } from './root/root-tar.ts';

export interface RootImage {
  readonly digest: string;
  readonly sizeBytes: number;
}

const REPOSITORY = 'volary-root';
/** A file of holes may seem larger than the disk; beyond this it is no honest one. */
const MOST_TIMES_DISK = 2;

export function rootReference(digest: string): string {
  return `${REPOSITORY}:${digest}`;
}

/**
 * Has the image's root in the engine; appears complete or not at all. Throws `unsupported` driver.no_firmware_boot,
 * `failed_precondition` driver.unreadable_root, and what the engine does.
 */
export async function ensureRoot(client: EngineClient, image: Image, options: Abortable): Promise<void> {
  const { digest } = image;
  if (image.boot !== 'direct')
    throw new VolaryError('unsupported', 'A container has no firmware that could start this image.', {
      reason: 'driver.no_firmware_boot',
    });
  const known = { method: 'GET', path: `/images/${rootReference(digest)}/json`, expected: [404] } as const;
  if ((await client.call(known, options)).status !== 404) return;
  const query = new URLSearchParams({ fromSrc: '-', repo: REPOSITORY, tag: digest });
  query.append('changes', `LABEL ${LABELS.image}=${digest}`);
  const archive = rootTar(image.rootPath, { mostBytes: MOST_TIMES_DISK * image.rootBytes, ...options });
  const path = `/images/create?${query}`;
  const { body } = await client.call({ method: 'POST', path, archive, patienceMs: PATIENCE_MS }, options);
  requireDone(body);
}

/** What was begun well may still fail: then a line of the answer says so. */
function requireDone(body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  if (text.includes('"errorDetail"'))
    throw new VolaryError('unavailable', 'The Docker Engine could not take the root of the image.', {
      reason: 'driver.disk_failed',
      context: { words: text.slice(-2_000) },
    });
}

/** All of them, whoever imported them. */
export async function listRoots(client: EngineClient, options: Abortable): Promise<readonly RootImage[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [LABELS.image] }));
  const { body } = await client.call({ method: 'GET', path: `/images/json?filters=${filters}` }, options);
  return listOf(body).flatMap((one) => {
    const fields = fieldsOf(one);
    const digest = fieldsOf(fields['Labels'])[LABELS.image];
    const size = fields['Size'];
    return typeof digest === 'string' ? [{ digest, sizeBytes: typeof size === 'number' ? size : 0 }] : [];
  });
}

/** True if it was removed; one that a container has stays. */
export async function removeRoot(client: EngineClient, digest: string, options: Abortable): Promise<boolean> {
  const path = `/images/${rootReference(digest)}`;
  return (await client.call({ method: 'DELETE', path, expected: [404, 409] }, options)).status < 300;
}

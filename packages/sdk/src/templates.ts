import type {
  AcceptedOperation,
  Template,
  TemplateEntry,
  TemplateManifest,
  TemplatePage,
  TemplateVersions,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { allItems, type SelectedPageQuery } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

/** What VMs are made from. A template is named by its name, of which the newest version is meant, or by `name@version`. */
export interface TemplateClient {
  /** Installs a version: a manifest, or one as YAML. Resolves as soon as it is accepted: `operations.finish` tells how it ends. */
  create(manifest: TemplateManifest | string, options?: Repeatable): Promise<AcceptedOperation>;
  get(ref: string, options?: Abortable): Promise<Template>;
  list(query?: SelectedPageQuery, options?: Abortable): Promise<TemplatePage>;
  /** All pages, by name. */
  listAll(query?: Omit<SelectedPageQuery, 'cursor'>, options?: Abortable): AsyncIterable<TemplateEntry>;
  /** Newest first. */
  versions(name: string, options?: Abortable): Promise<TemplateVersions>;
  /** Of a name: all its versions. */
  enable(ref: string, options?: Abortable): Promise<TemplateVersions>;
  disable(ref: string, options?: Abortable): Promise<TemplateVersions>;
  /** Of a name: all its versions. */
  delete(ref: string, options?: Abortable): Promise<TemplateVersions>;
}

export function createTemplateClient(transport: Transport): TemplateClient {
  const path = '/v1/templates';
  const pathOf = (ref: string) => `${path}/${encodeURIComponent(ref)}`;
  const client: TemplateClient = {
    create: (manifest, options = {}) =>
      postJsonOnce(transport, {
        path,
        ...(typeof manifest === 'string' ? { yaml: manifest } : { json: manifest }),
        ...options,
      }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    list: (query = {}, { signal } = {}) => transport.json({ method: 'GET', path, query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    versions: (name, { signal } = {}) => transport.json({ method: 'GET', path: `${pathOf(name)}/versions`, signal }),
    enable: (ref, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${pathOf(ref)}/enable`, json: {}, signal }),
    disable: (ref, { signal } = {}) =>
      transport.json({ method: 'POST', path: `${pathOf(ref)}/disable`, json: {}, signal }),
    delete: (ref, { signal } = {}) => transport.json({ method: 'DELETE', path: pathOf(ref), signal }),
  };
  return client;
}

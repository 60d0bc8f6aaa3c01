import { VolaryError } from '../../domain/errors.ts';
import type { Json } from '../../domain/json.ts';
import { isDeeperThan } from '../../lib/json-depth.ts';
import type { DocumentSource } from '../../ports/document-source.ts';
import type { Fetcher } from '../shared/fetch/fetcher.ts';

/** Uses of anchors that may be worked out: what takes more may be made to grow without end. */
const MOST_ALIASES = 64;
/** As deep as a request may be that brings a document itself. */
const MOST_LEVELS = 64;
const ACCEPT = 'application/json, application/yaml;q=0.9, */*;q=0.5';

/** Documents by http(s), by way of the one fetcher, which judges each address. */
export function createWebDocuments({ fetcher }: { readonly fetcher: Pick<Fetcher, 'fetchBytes'> }): DocumentSource {
  return {
    async fetch(url, options) {
      const bytes = await fetcher.fetchBytes({ url, accept: ACCEPT, ...options });
      const { host } = new URL(url);
      try {
        return await parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
      } catch (error) {
        throw unreadable(host, error);
      }
    },
  };
}

/** JSON, of which most are, or YAML as JSON can say it. Throws for what is neither. */
async function parse(text: string): Promise<Json> {
  const json = isJson(text) ? text : await fromYaml(text);
  if (isDeeperThan(json, MOST_LEVELS)) throw new RangeError(`it is nested deeper than ${MOST_LEVELS} levels`);
  return JSON.parse(json);
}

function isJson(text: string): boolean {
  return /^\s*[[{]/.test(text) && !isDeeperThan(text, MOST_LEVELS) && parses(text);
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // It may be YAML that begins like JSON.
    return false;
  }
}

/** As JSON. */
async function fromYaml(text: string): Promise<string> {
  // Few documents are YAML: the parser costs a start nothing.
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw fault;
  return JSON.stringify(document.toJS({ maxAliasCount: MOST_ALIASES }) ?? null);
}

function unreadable(host: string, cause: unknown): VolaryError {
  return new VolaryError('failed_precondition', `What ${host} sends is neither JSON nor YAML that can be read.`, {
    reason: 'document.unreadable',
    cause,
  });
}

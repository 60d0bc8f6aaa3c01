import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { CLOUD_INIT_BYTES, type CloudInit, invalidCloudInit } from '../domain/vm/cloud-init.ts';
import { hasTooManyParts } from './yaml-parts.ts';

type Field = 'user_data' | 'meta_data' | 'network_config';

/** As in manifests; and fewer than the reader that writes the seed takes. */
const MOST_ALIASES = 64;
/** The kind of user data that is YAML; cloud-init tells by the first line. */
const CLOUD_CONFIG = /^#cloud-config[ \t]*(\r?\n|$)/;

/** What user data of each kind that cloud-init knows begins with. */
const KINDS = [
  /^#cloud-(config|config-archive|config-jsonp|boothook)\b/,
  /^#!/,
  /^## template: *jinja/,
  /^#(include|include-once|part-handler)\b/,
  /^(Content-Type|MIME-Version|From |Content-Transfer-Encoding)/i,
];
/** gzip's first bytes in base64. */
const PACKED = /^H4sI[A-Za-z0-9+/=\s]*$/;
const unpack = promisify(gunzip);

/** User data as text, also where it comes packed (gzip, in base64). Throws `invalid_argument` vm.invalid_cloud_init. */
export async function plainUserData(text: string | null): Promise<string | null> {
  if (text === null || !PACKED.test(text)) return text;
  const bytes = await unpack(Buffer.from(text, 'base64'), { maxOutputLength: CLOUD_INIT_BYTES }).catch(() => {
    throw invalidCloudInit('user_data', `it is no gzip of at most ${CLOUD_INIT_BYTES} bytes`);
  });
  return bytes.toString('utf8');
}

/**
 * Reads what is to be YAML as cloud-init will, so that a fault is told when the VM is asked for, not on the console of one that has
 * booted. What other user data is worth, only the guest can tell. Throws `invalid_argument` vm.invalid_cloud_init with the line.
 */
export async function requireReadable({ userData, metaData, networkConfig }: CloudInit): Promise<void> {
  if (userData !== null && !KINDS.some((kind) => kind.test(userData)))
    throw invalidCloudInit(
      'user_data',
      'its first line is of no kind that cloud-init knows, such as #cloud-config or #!/bin/sh',
      1,
    );
  if (userData !== null && CLOUD_CONFIG.test(userData)) await requireMapping('user_data', userData);
  if (metaData !== null) await requireMapping('meta_data', metaData);
  if (networkConfig !== null) await requireMapping('network_config', networkConfig);
}

async function requireMapping(field: Field, text: string): Promise<void> {
  // Few requests need it, and it takes its time to load.
  const { isMap, LineCounter, parseAllDocuments } = await import('yaml');
  if (await hasTooManyParts(text)) throw invalidCloudInit(field, 'it has far more parts than such a text');
  const lineCounter = new LineCounter();
  // As in cloud-init's own reader: the older version of the language, in which a key that comes twice counts the second time.
  const options = { lineCounter, version: '1.1', uniqueKeys: false, prettyErrors: false } as const;
  const documents = orTooDeep(field, () => parseAllDocuments(text, options));
  const [document, second] = documents;
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw invalidCloudInit(field, `line ${line} is no YAML (${error.message.split('\n', 1)[0]})`, line);
  }
  if (second !== undefined) throw invalidCloudInit(field, 'it has several YAML documents');
  const contents = document?.contents ?? null;
  if (contents !== null && !isMap(contents)) throw invalidCloudInit(field, 'it is no YAML mapping', 1);
  // The one text of them that we write anew, for the seed; what the others expand to is for the guest.
  if (field === 'meta_data') requireExpandable(field, () => document?.toJS({ maxAliasCount: MOST_ALIASES }));
}

/** What YAML can say and JSON cannot: aliases that grow without an end, or lead into themselves. */
function requireExpandable(field: Field, expand: () => unknown): void {
  try {
    JSON.stringify(expand());
  } catch {
    throw invalidCloudInit(field, 'it uses too many aliases, or one within itself');
  }
}

function orTooDeep<T>(field: Field, read: () => T): T {
  try {
    return read();
  } catch {
    throw invalidCloudInit(field, 'it is nested too deeply');
  }
}

import { type CloudInit, invalidCloudInit } from '../domain/vm/cloud-init.ts';

/** The kind of user data that is YAML; cloud-init tells by the first line. */
const CLOUD_CONFIG = /^#cloud-config[ \t]*(\r?\n|$)/;

/**
 * Reads what is to be YAML as cloud-init will, so that a fault is told when the VM is asked for, not on the console of one that has
 * booted. What other user data is worth, only the guest can tell. Throws `invalid_argument` vm.invalid_cloud_init with the line.
 */
export async function requireReadable({ userData, metaData, networkConfig }: CloudInit): Promise<void> {
  if (userData !== null && CLOUD_CONFIG.test(userData)) await requireMapping('user_data', userData);
  if (metaData !== null) await requireMapping('meta_data', metaData);
  if (networkConfig !== null) await requireMapping('network_config', networkConfig);
}

async function requireMapping(field: 'user_data' | 'meta_data' | 'network_config', text: string): Promise<void> {
  // Few requests need it, and it takes its time to load.
  const { isMap, LineCounter, parseAllDocuments } = await import('yaml');
  const lineCounter = new LineCounter();
  // As in cloud-init's own reader: the older version of the language, in which a key that comes twice counts the second time.
  const documents = parseAllDocuments(text, { lineCounter, version: '1.1', uniqueKeys: false, prettyErrors: false });
  const [document, second] = documents;
  const error = documents.flatMap(({ errors }) => errors)[0];
  if (error !== undefined) {
    const { line } = lineCounter.linePos(error.pos[0]);
    throw invalidCloudInit(field, `line ${line} is no YAML (${error.message.split('\n', 1)[0]})`, line);
  }
  if (second !== undefined) throw invalidCloudInit(field, 'it has several YAML documents');
  const contents = document?.contents ?? null;
  if (contents !== null && !isMap(contents)) throw invalidCloudInit(field, 'it is no YAML mapping', 1);
}

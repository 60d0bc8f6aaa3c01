import { VolaryError } from '../errors.ts';

/** What cloud-init is to do in a guest when that first boots: texts as they were given. */
export interface CloudInit {
  readonly userData: string | null;
  /** A YAML mapping; what it says of `instance-id` and `local-hostname` counts. */
  readonly metaData: string | null;
  /** Null: the configuration that fits the VM's network. */
  readonly networkConfig: string | null;
}

/** Of each text, in UTF-8. */
export const CLOUD_INIT_BYTES = 65_536;

const FIELDS = { userData: 'user_data', metaData: 'meta_data', networkConfig: 'network_config' } as const;

/** Throws `invalid_argument` vm.invalid_cloud_init when a text is too long, or has a zero in it. */
export function checkCloudInit(cloudInit: CloudInit): void {
  for (const key of ['userData', 'metaData', 'networkConfig'] as const) {
    const text = cloudInit[key] ?? '';
    if (text.includes('\0')) throw invalidCloudInit(FIELDS[key], 'it has a zero byte in it');
    if (utf8Length(text) > CLOUD_INIT_BYTES)
      throw invalidCloudInit(FIELDS[key], `it takes more than ${CLOUD_INIT_BYTES} bytes`);
  }
}

/** For whoever finds fault with one of the texts; `line` counts from 1. */
export function invalidCloudInit(
  field: (typeof FIELDS)[keyof typeof FIELDS],
  fault: string,
  line?: number,
): VolaryError {
  return new VolaryError('invalid_argument', `cloud_init.${field} cannot be used: ${fault}.`, {
    reason: 'vm.invalid_cloud_init',
    details: { field: `cloud_init.${field}`, ...(line === undefined ? {} : { line }) },
  });
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

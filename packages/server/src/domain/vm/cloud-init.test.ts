import { describe, expect, it } from 'vitest';
import { CLOUD_INIT_BYTES, type CloudInit, checkCloudInit } from './cloud-init.ts';

const NOTHING: CloudInit = { userData: null, metaData: null, networkConfig: null };

describe("cloud-init's texts", () => {
  it('may be as long as their bound, in bytes', () => {
    const long = 'x'.repeat(CLOUD_INIT_BYTES);

    expect(() => checkCloudInit({ ...NOTHING, userData: long })).not.toThrow();
    expect(() => checkCloudInit({ ...NOTHING, userData: `${long}x` })).toThrow('cloud_init.user_data');
    expect(() => checkCloudInit({ ...NOTHING, metaData: 'ö'.repeat(CLOUD_INIT_BYTES / 2 + 1) })).toThrow(
      'cloud_init.meta_data',
    );
  });

  it('have no zero in them', () => {
    expect(() => checkCloudInit({ ...NOTHING, networkConfig: 'a\0b' })).toThrow('cloud_init.network_config');
  });
});

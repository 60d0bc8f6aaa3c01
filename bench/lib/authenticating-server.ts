/**
 * A server on the simulated driver with one VM, `first`, that finds out who asks as ours does (`own`), or by one compare of the key's digest and nothing
 * else (`bare`). Prints its URL, an API key and an access token as JSON, and ends with SIGTERM. `authenticating-server.ts own|bare DIRECTORY`.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { createPinoLog } from '../../packages/server/src/adapters/system/pino-log.ts';
import { createApi } from '../../packages/server/src/api/server.ts';
import { compose } from '../../packages/server/src/compose.ts';
import { readConfig } from '../../packages/server/src/config/config.ts';
import { prepareDataDir } from '../../packages/server/src/config/data-dir.ts';
import { VolaryError } from '../../packages/server/src/domain/errors.ts';
import type { Principal } from '../../packages/server/src/domain/principal/principal.ts';
import { ALL_RIGHTS } from '../../packages/server/src/domain/principal/rights.ts';
import type { Engine } from '../../packages/server/src/engine/engine.ts';

const [kind, dataDir = ''] = process.argv.slice(2);
const stopped = new Promise((resolve) => process.once('SIGTERM', resolve));
const args = ['--data-dir', dataDir, '--listen', '127.0.0.1:0', '--driver', 'simulated'];
const config = await readConfig(args, { VOLARY_RATE_LIMIT: 'off', VOLARY_WARM_TEMPLATES: 'off' });
const log = createPinoLog({ level: 'warn' });
prepareDataDir(dataDir);
await using composition = await compose(config, log);
const { engine, ids } = composition;
await engine.start();
const admin = await engine.authenticate(
  { kind: 'bearer', value: composition.adminKey.key },
  { address: null, requestId: null },
);
const { key } = await engine.apiKeys.create(admin, {
  name: 'bench',
  owner: null,
  permissions: null,
  expiresAt: null,
  labels: {},
});
const password = 'brisk umbrella 7';
await engine.users.setPassword(admin, 'admin', password);
const login = { by: 'name', account: 'admin', password, mfaCode: null, rotates: true } as const;
const { accessToken: token } = await engine.auth.logIn({ address: null, userAgent: '' }, login);
const spec = { labels: {}, metadata: {}, start: false, spec: {} };
await engine.vms.create(admin, { ...spec, name: 'first', warmStart: 'auto' });
const authenticate = kind === 'bare' ? compareDigests(key, admin) : engine.authenticate;
const api = createApi({
  engine: { ...engine, authenticate },
  ids,
  log,
  version: 'bench',
  build: { commit: null, date: new Date().toISOString(), errors: '' },
});
const url = await api.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ url, key, token })}\n`);
await stopped;
await api.close();
await engine.stop();

/** What a server that knows one key does. */
function compareDigests(known: string, { name, credential }: Principal): Engine['authenticate'] {
  const expected = hash('sha256', known, 'buffer');
  return (presented, origin) => {
    const value = 'value' in presented ? presented.value : '';
    if (timingSafeEqual(hash('sha256', value, 'buffer'), expected)) {
      return { kind: 'user', name, rights: ALL_RIGHTS, credential, origin };
    }
    throw new VolaryError('unauthenticated', 'This key is not valid.', { reason: 'auth.key_invalid' });
  };
}

import type { OperationName } from '@volary/contract';
import type { Examples } from './examples.test-kit.ts';
import { type Case, RUNNING, unknownFile } from './routes.test-kit.ts';

type FileRoute = Extract<
  OperationName,
  'readFile' | 'writeFile' | 'deleteFile' | 'listFiles' | 'statFile' | 'makeDirectory' | 'renameFile'
>;

/** What has to be shown of the routes of files in a guest. */
export function fileCases({ client }: Examples): Readonly<Record<FileRoute, Case>> {
  return {
    readFile: { ask: () => ({ ...RUNNING, query: { path: '/root/kept' } }), status: 200, failing: unknownFile() },
    writeFile: {
      ask: () => ({
        ...RUNNING,
        query: { path: '/root/new/file', mode: '0600', parents: true },
        body: Buffer.from('hello'),
      }),
      status: 200,
      failing: { ask: { ...RUNNING, query: { path: 'relative' } }, status: 400, reason: 'request.invalid' },
    },
    deleteFile: {
      ask: async () => {
        await client().files.write('first', '/root/doomed', 'x');
        return { ...RUNNING, query: { path: '/root/doomed' } };
      },
      status: 204,
      failing: unknownFile(),
    },
    listFiles: { ask: () => ({ ...RUNNING, query: { path: '/root', limit: 1 } }), status: 200, failing: unknownFile() },
    statFile: { ask: () => ({ ...RUNNING, query: { path: '/root/kept' } }), status: 200, failing: unknownFile() },
    makeDirectory: {
      ask: () => ({ ...RUNNING, body: { path: '/root/deep/er', parents: true } }),
      status: 204,
      failing: {
        ask: { params: { ref: 'stopped' }, body: { path: '/root/d' } },
        status: 409,
        reason: 'vm.not_running',
      },
    },
    renameFile: {
      ask: async () => {
        await client().files.write('first', '/root/old-name', 'x');
        return { ...RUNNING, body: { from: '/root/old-name', to: '/root/new-name' } };
      },
      status: 204,
      failing: {
        ask: { ...RUNNING, body: { from: '/no/such/file', to: '/root/x' } },
        status: 404,
        reason: 'guest.no_such_file',
      },
    },
  };
}

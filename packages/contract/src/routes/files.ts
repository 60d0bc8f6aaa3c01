import { Type } from 'typebox';
import {
  FileEntry,
  FileMode,
  FilePage,
  GuestPath,
  MakeDirectoryRequest,
  RenameFileRequest,
  WrittenFile,
} from '../files.ts';
import { flag, Limit, VmRefParams } from '../parameters.ts';
import { BYTES_BODY, BYTES_TYPE, Bytes, json, jsonBody, route } from '../route.ts';
import { object } from '../schema.ts';

const MISSING = ['vm.unknown', 'guest.no_such_file'] as const;
/** A suspended one is woken, unless its settings forbid that. */
const NOT_RUNNING = ['vm.not_running', 'vm.suspended'] as const;
/** What keeps from looking at a path, or from removing what is there. */
const LOOKING = {
  400: ['guest.invalid_path'],
  403: ['guest.permission_denied'],
  404: MISSING,
  409: [...NOT_RUNNING, 'guest.refused'],
} as const;
/** What keeps from putting something there. */
const PLACING = { ...LOOKING, 409: [...NOT_RUNNING, 'guest.file_exists', 'guest.refused'] } as const;
const PathQuery = object({ path: GuestPath }, { description: 'A path.' });

export const readFile = route({
  method: 'GET',
  path: '/v1/vms/{ref}/files',
  operationId: 'readFile',
  tag: 'files',
  summary: 'Read a file in a VM',
  permission: 'vm:exec',
  params: VmRefParams,
  query: PathQuery,
  responses: {
    200: {
      description: 'Its content.',
      content: [{ contentType: BYTES_TYPE, schema: Bytes }],
      headers: [
        { name: 'Content-Length', description: 'Its size, where it is known beforehand.', example: '6' },
        { name: 'X-File-Mode', description: 'Its permission bits in octal.', example: '0644' },
        {
          name: 'Last-Modified',
          description: 'When its content last changed.',
          example: 'Sat, 31 Jan 2026 12:00:00 GMT',
        },
      ],
    },
  },
  errors: LOOKING,
});

export const writeFile = route({
  method: 'PUT',
  path: '/v1/vms/{ref}/files',
  operationId: 'writeFile',
  tag: 'files',
  summary: 'Write a file in a VM',
  description: 'Atomic: it has its old content until the new one is complete.',
  permission: 'vm:exec',
  action: 'file.write',
  params: VmRefParams,
  query: object(
    {
      path: GuestPath,
      mode: Type.Optional(FileMode),
      parents: Type.Optional(flag('Make the folders above it.')),
    },
    { description: 'Where to write.' },
  ),
  body: BYTES_BODY,
  responses: { 200: { description: 'Written.', content: [json(WrittenFile)] } },
  errors: { ...PLACING, 429: ['guest.no_space'] },
});

export const deleteFile = route({
  method: 'DELETE',
  path: '/v1/vms/{ref}/files',
  operationId: 'deleteFile',
  tag: 'files',
  summary: 'Remove a file or folder in a VM',
  permission: 'vm:exec',
  action: 'file.delete',
  params: VmRefParams,
  query: object(
    { path: GuestPath, recursive: Type.Optional(flag('A folder with everything in it.')) },
    { description: 'What to remove.' },
  ),
  responses: { 204: { description: 'Gone.', content: [] } },
  errors: LOOKING,
});

export const listFiles = route({
  method: 'GET',
  path: '/v1/vms/{ref}/files/list',
  operationId: 'listFiles',
  tag: 'files',
  summary: 'List a folder in a VM, by name',
  permission: 'vm:exec',
  params: VmRefParams,
  query: object(
    {
      path: GuestPath,
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ minLength: 1, maxLength: 255, description: 'The `next_cursor` of the page before.' }),
      ),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(FilePage)] } },
  errors: LOOKING,
});

export const statFile = route({
  method: 'GET',
  path: '/v1/vms/{ref}/files/stat',
  operationId: 'statFile',
  tag: 'files',
  summary: 'Look at a file in a VM',
  permission: 'vm:exec',
  params: VmRefParams,
  query: PathQuery,
  responses: { 200: { description: 'What it is.', content: [json(FileEntry)] } },
  errors: LOOKING,
});

export const makeDirectory = route({
  method: 'POST',
  path: '/v1/vms/{ref}/files/mkdir',
  operationId: 'makeDirectory',
  tag: 'files',
  summary: 'Make a folder in a VM',
  permission: 'vm:exec',
  action: 'file.make-directory',
  params: VmRefParams,
  body: jsonBody(MakeDirectoryRequest, { isRequired: true }),
  responses: { 204: { description: 'Made.', content: [] } },
  keyed: 'in-guest',
  errors: { ...PLACING, 429: ['guest.no_space'] },
});

export const renameFile = route({
  method: 'POST',
  path: '/v1/vms/{ref}/files/rename',
  operationId: 'renameFile',
  tag: 'files',
  summary: 'Give a file in a VM another path',
  permission: 'vm:exec',
  action: 'file.rename',
  params: VmRefParams,
  body: jsonBody(RenameFileRequest, { isRequired: true }),
  responses: { 204: { description: 'Done.', content: [] } },
  keyed: 'in-guest',
  errors: PLACING,
});

import { type Static, Type } from 'typebox';
import { component, nullableString, pageOf, stringEnum, timestamp } from './schema.ts';

const PATH_PATTERN = '^/[^\\u0000]*$';

/** A path inside a guest. */
export const GuestPath = Type.String({
  pattern: PATH_PATTERN,
  minLength: 1,
  maxLength: 4095,
  description: 'Absolute path in the guest.',
  examples: ['/etc/hostname'],
});

export const FileMode = Type.String({
  pattern: '^0?[0-7]{3,4}$',
  description: 'Permission bits in octal.',
  examples: ['0644'],
});

const EXAMPLE_FILE = {
  name: 'hostname',
  type: 'file',
  mode: '0644',
  uid: 0,
  gid: 0,
  size_bytes: 6,
  modified_at: '2026-01-31T12:00:00.000Z',
  link_target: null,
} as const;

export const FileEntry = component(
  'FileEntry',
  {
    name: Type.String({ description: 'Its name, without the folder.' }),
    type: stringEnum(['file', 'directory', 'symlink', 'block', 'character', 'fifo', 'socket'], {
      description: 'What it is.',
    }),
    mode: FileMode,
    uid: Type.Integer({ minimum: 0, description: 'Its owner in the guest.' }),
    gid: Type.Integer({ minimum: 0, description: 'Its group in the guest.' }),
    size_bytes: Type.Integer({ minimum: 0, description: 'Its size.' }),
    modified_at: timestamp('When its content last changed.'),
    link_target: nullableString({ description: 'Where a symbolic link points; else null.' }),
  },
  { description: 'A file, folder or the like in a guest.', examples: [EXAMPLE_FILE] },
);
export type FileEntry = Static<typeof FileEntry>;

export const FilePage = pageOf('FilePage', FileEntry, EXAMPLE_FILE);
export type FilePage = Static<typeof FilePage>;

export const WrittenFile = component(
  'WrittenFile',
  { path: GuestPath, size_bytes: Type.Integer({ minimum: 0, description: 'How many bytes were written.' }) },
  { description: 'A file that was written.', examples: [{ path: '/root/a.txt', size_bytes: 3 }] },
);
export type WrittenFile = Static<typeof WrittenFile>;

export const MakeDirectoryRequest = component(
  'MakeDirectoryRequest',
  {
    path: GuestPath,
    parents: Type.Optional(
      Type.Boolean({ description: 'Make those above it too, and do not mind if it is there. Default: false.' }),
    ),
  },
  { description: 'A folder that is wanted.', examples: [{ path: '/srv/data', parents: true }] },
);
export type MakeDirectoryRequest = Static<typeof MakeDirectoryRequest>;

export const RenameFileRequest = component(
  'RenameFileRequest',
  { from: GuestPath, to: GuestPath },
  { description: 'A file that is to have another path.', examples: [{ from: '/root/a.txt', to: '/root/b.txt' }] },
);
export type RenameFileRequest = Static<typeof RenameFileRequest>;

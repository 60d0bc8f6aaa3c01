import {
  component,
  enumComponent,
  jsonObject,
  LIMITS,
  nullable,
  nullableInteger,
  nullableString,
  object,
  VmName,
} from '@volary/contract';
import { type Static, Type } from 'typebox';

const EXAMPLE_CONNECTION = { container_id: 'abc123', ssh_command: 'vm ssh my-workspace' };
const EXAMPLE = {
  id: '550e8400-e29b-41d4-a716-446655440000',
  name: 'my-workspace',
  owner: 'alice',
  template: 'nodejs',
  provider: 'docker',
  status: 'running',
  created_at: '2025-01-16T10:30:00Z',
  updated_at: '2025-01-16T10:31:00Z',
  ttl_seconds: 86_400,
  expires_at: '2025-01-17T10:30:00Z',
  provider_id: 'container-abc123',
  connection_info: EXAMPLE_CONNECTION,
  error_message: null,
  metadata: {},
};

const moment = (description: string) =>
  Type.String({ format: 'date-time', description, examples: [EXAMPLE.created_at] });

const WorkspaceStatus = enumComponent(
  'WorkspaceStatus',
  ['creating', 'running', 'stopped', 'failed'],
  '`creating`: being provisioned; `running`: running and accessible; `stopped`: its VM is stopped; `failed`: see `error_message`.',
);

const ConnectionInfo = component(
  'ConnectionInfo',
  {
    container_id: Type.Optional(Type.String({ description: 'Of the container, where it runs in one.' })),
    vm_id: Type.Optional(Type.String({ description: 'Of the VM, where it runs in one.' })),
    ssh_command: Type.String({ description: 'Opens a shell in it, on a machine that has this program.' }),
  },
  { description: 'Connection details (provider-specific).', examples: [EXAMPLE_CONNECTION] },
);

export const Workspace = component(
  'Workspace',
  {
    id: Type.String({ format: 'uuid', description: 'Unique workspace identifier (UUID).' }),
    name: VmName,
    owner: Type.String({ description: 'Username of workspace owner.' }),
    template: nullableString({ description: 'Template used to create workspace; null: none.' }),
    provider: Type.String({ description: 'Provider type (e.g., "docker").' }),
    status: WorkspaceStatus,
    created_at: moment('ISO 8601 timestamp of creation.'),
    updated_at: moment('ISO 8601 timestamp of last update, of its status too.'),
    ttl_seconds: nullableInteger({ description: 'Time-to-live in seconds; null: it is not deleted by itself.' }),
    expires_at: nullableString({
      format: 'date-time',
      description: 'ISO 8601 timestamp when workspace expires; null: never.',
    }),
    provider_id: nullableString({ description: 'Provider-specific identifier (e.g., container ID).' }),
    connection_info: nullable(ConnectionInfo),
    error_message: nullableString({ description: 'Error message if provisioning failed; else null.' }),
    metadata: jsonObject({ description: 'Additional metadata.' }),
  },
  { description: 'A hosted workspace.', examples: [EXAMPLE] },
);
export type Workspace = Static<typeof Workspace>;

export const WorkspaceList = Type.Array(Workspace, {
  description: 'All workspaces of the caller, in the order they were made.',
  examples: [[EXAMPLE]],
});

export const CreateWorkspace = component(
  'CreateWorkspace',
  {
    name: VmName,
    template: Type.Optional(
      Type.String({ minLength: 1, maxLength: 128, description: 'What it is made from: a template that is installed.' }),
    ),
    ttl_seconds: Type.Optional(
      Type.Integer({ ...LIMITS.ttlSeconds, description: 'It is deleted by itself after so long. Default: never.' }),
    ),
    provider: Type.Optional(
      Type.String({ minLength: 1, maxLength: 32, description: 'What runs it. Default: as the server is set.' }),
    ),
    metadata: Type.Optional(jsonObject({ description: 'Kept and returned as sent; at most 16 KiB as JSON.' })),
  },
  {
    description: 'A workspace that is wanted.',
    examples: [{ name: 'my-workspace', template: 'nodejs', ttl_seconds: 86_400 }],
  },
);
export type CreateWorkspace = Static<typeof CreateWorkspace>;

export const WorkspaceParams = object(
  { id: Type.String({ description: 'Of the workspace.', examples: [EXAMPLE.id] }) },
  { description: 'A workspace.' },
);

export const Message = component(
  'Message',
  { message: Type.String({ description: 'What was done.' }) },
  { description: 'That it was done.', examples: [{ message: 'Workspace deleted' }] },
);

export const Health = component(
  'Health',
  { status: Type.String({ description: '`ok`, or `ready`.' }) },
  { description: 'That the service is well.', examples: [{ status: 'ok' }] },
);

export const Fault = component(
  'Error',
  { error: Type.String({ description: 'Error message description.' }) },
  { description: 'What went wrong.', examples: [{ error: 'Workspace not found' }] },
);

export const OpenApi = jsonObject({ description: 'An OpenAPI document.', examples: [{ openapi: '3.1.0' }] });

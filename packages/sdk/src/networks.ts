import type {
  CreateNetworkRequest,
  CreateSecurityGroupRequest,
  Network,
  SecurityGroup,
  UpdateNetworkRequest,
  UpdateSecurityGroupRequest,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { type ChangeOptions, type CollectionClient, createCollection } from './collection.ts';
import type { SelectedPageQuery } from './pages.ts';
import type { Transport } from './transport.ts';

interface Seen {
  readonly id: string;
  readonly updated_at: string;
}

/** `ifUnchangedSince`: change it only if its settings are still as in this one; else a `VolaryApiError` with status 412. */
export type NetworkChangeOptions = ChangeOptions<Seen>;

/** Networks that VMs have their addresses on. One is named by its id or its name. */
export interface NetworkClient extends CollectionClient<Network, UpdateNetworkRequest, NetworkChangeOptions> {
  /** Not sent again by itself when the connection breaks: whether it is there then, `get` tells. */
  create(request: CreateNetworkRequest, options?: Abortable): Promise<Network>;
  delete(ref: string, options?: NetworkChangeOptions): Promise<void>;
}

/** Rules that VMs are put under. One is named by its id or its name. */
export interface SecurityGroupClient
  extends CollectionClient<SecurityGroup, UpdateSecurityGroupRequest, NetworkChangeOptions> {
  /** Not sent again by itself when the connection breaks: whether it is there then, `get` tells. */
  create(request: CreateSecurityGroupRequest, options?: Abortable): Promise<SecurityGroup>;
  delete(ref: string, options?: NetworkChangeOptions): Promise<void>;
}

export function createNetworkClient(transport: Transport): NetworkClient {
  return createSettingsClient<Network>(transport, '/v1/networks');
}

export function createSecurityGroupClient(transport: Transport): SecurityGroupClient {
  return createSettingsClient<SecurityGroup>(transport, '/v1/security-groups');
}

function createSettingsClient<Item>(transport: Transport, path: string) {
  const { get, list, listAll, update, remove } = createCollection<Item, SelectedPageQuery, Seen>(
    transport,
    path,
    ({ updated_at }) => Date.parse(updated_at),
  );
  return {
    ...{ get, list, listAll, update, delete: remove },
    create: (request: unknown, { signal }: Abortable = {}): Promise<Item> =>
      transport.json({ method: 'POST', path, json: request, signal }),
  };
}

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** An address that the store keeps for a VM: `address` is its number. */
export interface StoredLease {
  readonly networkId: string;
  readonly address: number;
  readonly vmId: string;
}

/** What is in the installation's database, seen past the server, which goes on working with it. */
export interface StoredNetworks {
  readonly installationId: string;
  readonly leases: readonly StoredLease[];
}

export function readStoredNetworks(dataDir: string): StoredNetworks {
  const database = new DatabaseSync(join(dataDir, 'volary.db'), { readOnly: true });
  try {
    const setting = database.prepare("select value from settings where name = 'host_id'").get();
    const rows = database.prepare('select network_id, address, vm_id from leases order by vm_id').all();
    return {
      installationId: String(setting?.['value']),
      leases: rows.map((row) => ({
        networkId: String(row['network_id']),
        address: Number(row['address']),
        vmId: String(row['vm_id']),
      })),
    };
  } finally {
    database.close();
  }
}

import { describe } from 'vitest';
import { alertTableContract } from './store-contract/alerts.contract.ts';
import { auditTableContract } from './store-contract/audit.contract.ts';
import { batchOrderTableContract } from './store-contract/batch-orders.contract.ts';
import { deploymentTableContract } from './store-contract/deployments.contract.ts';
import { eventTableContract } from './store-contract/events.contract.ts';
import { executionTableContract } from './store-contract/executions.contract.ts';
import type { MakeStore } from './store-contract/fixture.contract.ts';
import { idempotencyKeyTableContract } from './store-contract/idempotency-keys.contract.ts';
import { imageTableContract } from './store-contract/images.contract.ts';
import { networkTablesContract } from './store-contract/networks.contract.ts';
import { operationTableContract } from './store-contract/operations.contract.ts';
import { apiKeyTableContract, roleTableContract } from './store-contract/roles-and-keys.contract.ts';
import { secretTableContract } from './store-contract/secrets.contract.ts';
import { sessionTableContract, signingKeyTableContract } from './store-contract/sessions.contract.ts';
import { settingTableContract } from './store-contract/settings.contract.ts';
import { snapshotTableContract } from './store-contract/snapshots.contract.ts';
import { templateTableContract } from './store-contract/templates.contract.ts';
import { transactionContract } from './store-contract/transactions.contract.ts';
import { usageContract } from './store-contract/usage.contract.ts';
import { userTableContract } from './store-contract/users.contract.ts';
import { vmRevisionTableContract } from './store-contract/vm-revisions.contract.ts';
import { vmTableContract } from './store-contract/vms.contract.ts';
import { volumeTableContract } from './store-contract/volumes.contract.ts';
import { deliveryTableContract, webhookTableContract } from './store-contract/webhooks.contract.ts';
import { workspaceTableContract } from './store-contract/workspaces.contract.ts';

/** What is asked of every store. `make` gives each test an empty database of its own. */
export function storeContract({ name, make }: { readonly name: string; readonly make: MakeStore }): void {
  describe(`${name}: contract of the store`, () => {
    transactionContract(make);
    vmTableContract(make);
    vmRevisionTableContract(make);
    operationTableContract(make);
    executionTableContract(make);
    eventTableContract(make);
    settingTableContract(make);
    idempotencyKeyTableContract(make);
    webhookTableContract(make);
    deliveryTableContract(make);
    snapshotTableContract(make);
    userTableContract(make);
    roleTableContract(make);
    apiKeyTableContract(make);
    sessionTableContract(make);
    signingKeyTableContract(make);
    secretTableContract(make);
    networkTablesContract(make);
    templateTableContract(make);
    auditTableContract(make);
    imageTableContract(make);
    deploymentTableContract(make);
    workspaceTableContract(make);
    usageContract(make);
    volumeTableContract(make);
    alertTableContract(make);
    batchOrderTableContract(make);
  });
}

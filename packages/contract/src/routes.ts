import type { Route } from './route.ts';
import { listEvents } from './routes/events.ts';
import {
  cancelExecution,
  execInVm,
  getExecution,
  listExecutions,
  readOutput,
  resizeExecution,
  signalExecution,
  writeStdin,
} from './routes/executions.ts';
import { deleteFile, listFiles, makeDirectory, readFile, renameFile, statFile, writeFile } from './routes/files.ts';
import { getHost, listHosts } from './routes/hosts.ts';
import { buildImage, deleteImage, listImages } from './routes/images.ts';
import { cancelOperation, getOperation, listOperations, waitForOperation } from './routes/operations.ts';
import { getCapabilities, getHealth, getOpenApi, getReadiness } from './routes/server.ts';
import {
  createSnapshot,
  createVmFromSnapshot,
  deleteSnapshot,
  forkVm,
  getSnapshot,
  listSnapshots,
  restoreVm,
} from './routes/snapshots.ts';
import { getSystemUsage, pruneSystem } from './routes/system.ts';
import {
  createVm,
  deleteVm,
  getVm,
  listVms,
  pauseVm,
  readConsole,
  restartVm,
  resumeVm,
  startVm,
  stopVm,
  waitForVm,
} from './routes/vms.ts';
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listWebhookDeliveries,
  listWebhooks,
  replayWebhook,
  testWebhook,
  updateWebhook,
} from './routes/webhooks.ts';

/** Every route of `/v1` (and the two probes beside it), by operation id. */
export const routes = {
  createVm,
  listVms,
  getVm,
  waitForVm,
  readConsole,
  startVm,
  stopVm,
  restartVm,
  pauseVm,
  resumeVm,
  deleteVm,
  execInVm,
  getExecution,
  listExecutions,
  readOutput,
  writeStdin,
  signalExecution,
  cancelExecution,
  resizeExecution,
  readFile,
  writeFile,
  deleteFile,
  listFiles,
  statFile,
  makeDirectory,
  renameFile,
  listOperations,
  getOperation,
  waitForOperation,
  cancelOperation,
  listEvents,
  listImages,
  buildImage,
  deleteImage,
  listHosts,
  getHost,
  createSnapshot,
  listSnapshots,
  getSnapshot,
  deleteSnapshot,
  createVmFromSnapshot,
  forkVm,
  restoreVm,
  getSystemUsage,
  pruneSystem,
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  deleteWebhook,
  testWebhook,
  listWebhookDeliveries,
  replayWebhook,
  getCapabilities,
  getOpenApi,
  getHealth,
  getReadiness,
} as const satisfies Readonly<Record<string, Route>>;

export type OperationName = keyof typeof routes;

/** The five faces of one server, each as its own clients ask: what is done through one is seen through the others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@volary/sdk';

/** A VM as far as every face shows it. */
export interface SeenVm {
  /** The word of that face. */
  readonly status: string;
  /** Null where the face does not say. */
  readonly vcpus: number | null;
  readonly memoryMib: number | null;
}

/** Each answers as soon as what was asked for is accepted. What its document has no way to ask for is null. */
export interface FaceClient {
  readonly name: FaceName;
  create(name: string): Promise<void>;
  /** Null where it shows no such VM. */
  see(name: string): Promise<SeenVm | null>;
  readonly stop: ((name: string) => Promise<void>) | null;
  readonly start: ((name: string) => Promise<void>) | null;
  /** Runs a line of the shell to its end. */
  readonly run: ((name: string, line: string) => Promise<{ readonly code: number; readonly stdout: string }>) | null;
  remove(name: string): Promise<void>;
}

export const FACE_NAMES = ['v1', 'aetherium', 'volant', 'novacron', 'vm-api'] as const;
export type FaceName = (typeof FACE_NAMES)[number];

/** What each shows of a VM that runs, is stopped, and is paused. */
export const WORDS = {
  running: {
    ...{ v1: 'running', aetherium: 'running', volant: 'running', novacron: 'running', 'vm-api': 'running' },
  },
  stopped: {
    ...{ v1: 'stopped', aetherium: 'stopped', volant: 'stopped', novacron: 'stopped', 'vm-api': 'stopped' },
  },
  paused: {
    ...{ v1: 'paused', aetherium: 'suspended', volant: 'stopped', novacron: 'suspended', 'vm-api': 'running' },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<FaceName, string>>>>;

export interface FaceServer {
  readonly url: string;
  readonly key: string;
  /** The template that those need who have to name one. */
  readonly template: string;
}

/** By the paths below the main listener, with one key for all. */
export function createFaceClients(server: FaceServer): Readonly<Record<FaceName, FaceClient>> {
  return {
    v1: v1Client(server),
    aetherium: aetheriumClient(server),
    volant: volantClient(server),
    novacron: novacronClient(server),
    'vm-api': vmApiClient(server),
  };
}

function v1Client({ url, key, template }: FaceServer): FaceClient {
  const client = createClient({ baseUrl: url, apiKey: key });
  return {
    name: 'v1',
    async create(name) {
      await client.vms.create({ name, template, vcpus: 1, memory_mib: 256, disk_gib: 1 });
    },
    async see(name) {
      const { items } = await client.vms.list({ name });
      const [vm] = items;
      return vm === undefined ? null : { status: vm.phase, vcpus: vm.vcpus, memoryMib: vm.memory_mib };
    },
    async stop(name) {
      await client.vms.stop(name);
    },
    async start(name) {
      await client.vms.start(name);
    },
    async run(name, line) {
      const { execution, stdout } = await client.executions.run(name, { command: line });
      return { code: execution.exit_code ?? -1, stdout: Buffer.from(stdout).toString() };
    },
    async remove(name) {
      await client.vms.delete(name);
    },
  };
}

function aetheriumClient({ url, key }: FaceServer): FaceClient {
  const ask = createAsk(`${url}/aetherium/api/v1`, { 'X-API-Key': key });
  const find = async (name: string) => {
    const { vms } = await ask<{
      vms: readonly { id: string; name: string; status: string; vcpu_count: number; memory_mb: number }[];
    }>('GET', '/vms');
    return vms.find((vm) => vm.name === name) ?? null;
  };
  return {
    name: 'aetherium',
    async create(name) {
      await ask('POST', '/vms', { name, vcpus: 1, memory_mb: 256 });
    },
    async see(name) {
      const vm = await find(name);
      return vm === null ? null : { status: vm.status, vcpus: vm.vcpu_count, memoryMib: vm.memory_mb };
    },
    ...{ stop: null, start: null },
    async run(name, line) {
      const body = { command: 'sh', args: ['-c', line] };
      const { task_id: id } = await ask<{ task_id: string }>('POST', `/vms/${(await find(name))?.id}/execute`, body);
      for (;;) {
        const { status, result } = await ask<{ status: string; result: { exit_code: number; stdout: string } }>(
          'GET',
          `/tasks/${id}`,
        );
        if (status === 'completed') return { code: result.exit_code, stdout: result.stdout };
        if (status === 'failed') throw new Error(`the task ${id} failed`);
        await sleep(20);
      }
    },
    async remove(name) {
      await ask('DELETE', `/vms/${(await find(name))?.id}`);
    },
  };
}

function volantClient({ url, key, template }: FaceServer): FaceClient {
  const ask = createAsk(`${url}/volant/api/v1`, { 'X-API-Key': key });
  return {
    name: 'volant',
    async create(name) {
      await ask('POST', '/vms', { name, plugin: template, config: { resources: { vcpu: 1, memory_mb: 256 } } });
    },
    async see(name) {
      const all = await ask<
        readonly { name: string; status: string; resources: { vcpu: number; memory_mb: number } }[]
      >('GET', '/vms');
      const vm = all.find((each) => each.name === name);
      return vm === undefined
        ? null
        : { status: vm.status, vcpus: vm.resources.vcpu, memoryMib: vm.resources.memory_mb };
    },
    async stop(name) {
      await ask('POST', `/vms/${name}/stop`);
    },
    async start(name) {
      await ask('POST', `/vms/${name}/start`);
    },
    run: null,
    async remove(name) {
      await ask('DELETE', `/vms/${name}`);
    },
  };
}

function novacronClient({ url, key, template }: FaceServer): FaceClient {
  const ask = createAsk(`${url}/novacron/v1`, { authorization: `Bearer ${key}` });
  const find = async (name: string) => {
    const { data } = await ask<{
      data: readonly { id: string; name: string; status: string; resources: { cpu: number; memory_gb: number } }[];
    }>('GET', `/vms?search=${name}&limit=100`);
    return data.find((vm) => vm.name === name) ?? null;
  };
  return {
    name: 'novacron',
    async create(name) {
      const resources = { cpu: 1, memory_gb: 0.25, storage_gb: 1 };
      await ask('POST', '/vms', { name, template_id: template, resources });
    },
    async see(name) {
      const vm = await find(name);
      return vm === null
        ? null
        : { status: vm.status, vcpus: vm.resources.cpu, memoryMib: vm.resources.memory_gb * 1_024 };
    },
    async stop(name) {
      await ask('POST', `/vms/${(await find(name))?.id}/stop`);
    },
    async start(name) {
      await ask('POST', `/vms/${(await find(name))?.id}/start`);
    },
    run: null,
    async remove(name) {
      await ask('DELETE', `/vms/${(await find(name))?.id}?force=true`);
    },
  };
}

function vmApiClient({ url, key, template }: FaceServer): FaceClient {
  const ask = createAsk(`${url}/vm-api/api/v1/workspaces`, { authorization: `Bearer ${key}` });
  const find = async (name: string) => {
    const all = await ask<readonly { id: string; name: string; status: string }[]>('GET', '');
    return all.find((workspace) => workspace.name === name) ?? null;
  };
  return {
    name: 'vm-api',
    async create(name) {
      await ask('POST', '', { name, template });
    },
    async see(name) {
      const workspace = await find(name);
      return workspace === null ? null : { status: workspace.status, vcpus: null, memoryMib: null };
    },
    ...{ stop: null, start: null, run: null },
    async remove(name) {
      await ask('DELETE', `/${(await find(name))?.id}`);
    },
  };
}

type Ask = <T>(method: string, path: string, body?: object) => Promise<T>;

/** Throws what a face says of a request that it does not do. */
function createAsk(base: string, headers: Readonly<Record<string, string>>): Ask {
  return async <T>(method: string, path: string, body?: object) => {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    const answer: T = JSON.parse(text === '' ? 'null' : text);
    return answer;
  };
}

/** A template that somebody asked for, and what has come of it, as its operation keeps it: enough for another server to go on. */
import type { Json, JsonObject } from '../../domain/json.ts';
import { NETWORK_MODES, networkOf } from '../../domain/network/vm-network.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';

/** What a template is for: VMs with all of this. */
export type TemplateKind = Pick<VmSpec, 'image' | 'vcpuCount' | 'memoryMib' | 'diskGib' | 'network'>;

/** For people, and one text for each kind. */
export function titleOfKind({ image, vcpuCount, memoryMib, diskGib, network }: TemplateKind): string {
  return `${image}, ${vcpuCount} vCPU, ${memoryMib} MiB, ${diskGib} GiB, network ${network.mode}`;
}

/** As `/v1` shows it, too. `key`: null until it is there. */
export function toTemplateResult(kind: TemplateKind, key: string | null): JsonObject {
  const { image, vcpuCount, memoryMib, diskGib, network } = kind;
  return { key, image, vcpus: vcpuCount, memory_mib: memoryMib, disk_gib: diskGib, network_mode: network.mode };
}

/** Null if that is none. */
export function readTemplateKind(result: Json): TemplateKind | null {
  if (typeof result !== 'object' || result === null || !('image' in result)) return null;
  const { image, vcpus: vcpuCount, memory_mib: memoryMib, disk_gib: diskGib } = result;
  const mode = NETWORK_MODES.find((one) => one === result['network_mode']);
  if (typeof image !== 'string' || mode === undefined) return null;
  if (typeof vcpuCount !== 'number' || typeof memoryMib !== 'number' || typeof diskGib !== 'number') return null;
  return { image, vcpuCount, memoryMib, diskGib, network: networkOf({ mode }) };
}

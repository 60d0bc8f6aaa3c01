import { networkOf, type VmNetwork } from '../../../domain/network/vm-network.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { Engine } from '../../../engine/engine.ts';

/**
 * VMs of this dialect have an address: on the network `default`, where the host has networks, unless the plugin says something else than
 * what templates say that say nothing. Throws `not_found` template.unknown.
 */
export async function placeOf(
  { templates, capabilities }: Pick<Engine, 'templates' | 'capabilities'>,
  principal: Principal,
  plugin: string,
): Promise<{ readonly network?: VmNetwork }> {
  const { content } = await templates.get(principal, plugin);
  return content.spec.network.mode === 'user' ? await ownAddress({ capabilities }) : {};
}

async function ownAddress({ capabilities }: Pick<Engine, 'capabilities'>): Promise<{ readonly network?: VmNetwork }> {
  const { whyNoBridges, networkModes } = await capabilities();
  if (whyNoBridges !== null || !networkModes.includes('bridge')) return {};
  // An address is all that is added: what reaches nothing by its plugin reaches nothing outside of its network here.
  return { network: networkOf({ mode: 'bridge', egress: 'deny' }) };
}

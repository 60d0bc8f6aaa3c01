import { uuidOf, type VmId } from '../../../../domain/ids.ts';
import type { CloudInit } from '../../../../domain/vm/cloud-init.ts';
import type { VmSpec } from '../../../../domain/vm/spec.ts';
import { writeIso } from '../../../../lib/iso9660.ts';
import type { MachineNetwork } from '../../../../ports/driver.ts';
import { replaceFile } from '../../../shared/replace-file.ts';
import { attachNetwork, macFor } from '../network.ts';
import { SEED_AGENT, SEED_LABEL, VENDOR_DATA } from './install-agent.ts';

/** What a seed says, and to whom. */
export interface SeedContent {
  readonly vmId: VmId;
  readonly name: string;
  readonly network: VmSpec['network'];
  readonly place: MachineNetwork | null;
  readonly cloudInit: CloudInit | null;
  readonly agent: Uint8Array;
}

/** Writes the seed of a whole system, a NoCloud one: from it cloud-init learns who the machine is and what it is to do, and our agent comes. */
export async function writeSeed(path: string, content: SeedContent): Promise<void> {
  await replaceFile(path, await seedOf(content), { mode: 0o600 });
}

/** Its bytes: the same for the same content. */
export async function seedOf({ vmId, name, network, place, cloudInit, agent }: SeedContent): Promise<Uint8Array> {
  const texts = {
    'meta-data': await metaData({ vmId, name }, cloudInit?.metaData ?? null),
    'user-data': cloudInit?.userData ?? '#cloud-config\n{}\n',
    'vendor-data': VENDOR_DATA,
    'network-config': cloudInit?.networkConfig ?? `${JSON.stringify(networkConfig(network, uuidOf(vmId), place))}\n`,
  };
  const files = Object.entries(texts).map(([file, text]) => ({ name: file, content: Buffer.from(text) }));
  return writeIso({ label: SEED_LABEL, files: [...files, { name: SEED_AGENT, content: agent }] });
}

/** Another VM's disk is another instance to cloud-init: a fork that boots gets a name and keys of its own. */
async function metaData({ vmId, name }: Pick<SeedContent, 'vmId' | 'name'>, asked: string | null): Promise<string> {
  const ours = { 'instance-id': vmId, 'local-hostname': name };
  if (asked === null) return `${JSON.stringify(ours)}\n`;
  const { parse } = await import('yaml');
  const theirs: unknown = parse(asked, { version: '1.1', uniqueKeys: false });
  return `${JSON.stringify({ ...ours, ...(typeof theirs === 'object' ? theirs : {}) })}\n`;
}

/** The one card by its address, since each system has a name of its own for it. */
function networkConfig({ mode }: VmSpec['network'], uuid: string, place: MachineNetwork | null): object {
  const { ip, gateway, dns } = attachNetwork(mode, uuid, place).guestSettings;
  if (ip === undefined) return { config: 'disabled' };
  const card = {
    match: { macaddress: macFor(uuid, place) },
    addresses: [ip],
    routes: [{ to: '0.0.0.0/0', via: gateway }],
    ...(dns === undefined ? {} : { nameservers: { addresses: [dns] } }),
  };
  return { version: 2, ethernets: { nic0: card } };
}

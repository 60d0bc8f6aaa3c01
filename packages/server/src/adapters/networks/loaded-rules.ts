/** What a namespace's rules say of whom they were written for: for a server that has not written them itself. */
import { parseCidr } from '../../domain/network/cidr.ts';

export interface LoadedRules {
  /** Interfaces of guests with their addresses. */
  readonly joined: ReadonlyMap<string, number>;
  /** How many connections each of them may have; null: there is no bound. */
  readonly mostConnections: number | null;
}

/** From what `nft -j list ruleset` writes; see ruleset.ts. */
export function parseRules(json: string): LoadedRules {
  const { nftables }: { readonly nftables: readonly Listed[] } = JSON.parse(json);
  const owners = nftables.flatMap(({ set }) => (set?.name === 'owners' ? (set.elem ?? []) : []));
  const joined = owners.flatMap(({ concat: [tap, , address] }): readonly (readonly [string, number])[] => {
    const single = parseCidr(`${address}/32`);
    return tap === undefined || single === null ? [] : [[tap, single.first]];
  });
  const bounds = nftables.map(({ rule }) => /"@connections_(\d+)"/.exec(JSON.stringify(rule ?? null))?.[1]);
  const bound = bounds.find((most) => most !== undefined);
  return { joined: new Map(joined), mostConnections: bound === undefined ? null : Number(bound) };
}

interface Listed {
  readonly set?: { readonly name: string; readonly elem?: readonly { readonly concat: readonly string[] }[] };
  readonly rule?: unknown;
}

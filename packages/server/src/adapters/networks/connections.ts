/**
 * What the kernel keeps in mind of connections of guests. Its room for them is the whole host's: a guest has a share of half of it, what it has begun
 * goes with it, and what nobody uses any more is forgotten in hours, not in days.
 */
import { existsSync, readFileSync } from 'node:fs';
import { findProgram } from '../shared/run-program.ts';
import { runOnHost } from './host-commands.ts';

/** Of one guest at a time, tried ones too: more than a busy proxy has. */
const MOST_CONNECTIONS = 16_384;
/** Whatever the room is, a guest can talk. */
const FEWEST_CONNECTIONS = 64;
/** The room of a host of 4 GiB, where the kernel does not say it yet. */
const USUAL_ROOM = 65_536;

/** How many connections the kernel has room for. */
export function readConnectionRoom(): number {
  const path = '/proc/sys/net/netfilter/nf_conntrack_max';
  const room = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  return Number.isInteger(room) && room > 0 ? room : USUAL_ROOM;
}

/**
 * What each of so many guests may have: a power of two, so that it seldom changes, and so that all together have at most half of the room as long as
 * that is not less than what each has anyway.
 */
export function connectionsOfEach(guestCount: number, room: number): number {
  const share = room / 2 / Math.max(1, guestCount);
  const power = 2 ** Math.floor(Math.log2(Math.max(1, share)));
  return Math.min(MOST_CONNECTIONS, Math.max(FEWEST_CONNECTIONS, power));
}

/** Of the namespace. A day and more is what the kernel takes for a connection that says nothing; two hours and four minutes are the least that RFC 5382 asks for. */
export const CONNECTION_SETTINGS = `set -e
cd /proc/sys/net/netfilter
if [ -e nf_conntrack_tcp_timeout_established ]; then echo 7440 > nf_conntrack_tcp_timeout_established; fi`;

/** So few that nobody has to lose them when the share becomes this: of all guests together they are an eighth of what they may have. */
export function fewConnections(share: number): number {
  return Math.floor(share / 8);
}

/**
 * Ends what is kept in mind under these marks in the namespace, of a mark only if it is more than the number beside it. Where there is no Perl, which Debian always has, or the kernel
 * cannot, it stays until its time is over. Throws `unavailable` network.host_failed.
 */
export async function forgetConnections(
  namespacePath: string,
  marks: ReadonlyMap<number, number>,
  options: { readonly signal: AbortSignal },
): Promise<void> {
  if (marks.size === 0 || findProgram('perl') === null) return;
  const words = [...marks].map(([mark, stays]) => `${mark}:${stays}`);
  await runOnHost(['nsenter', `--net=${namespacePath}`, 'perl', '-e', FORGET, ...words], options);
}

/**
 * No program of those that are needed anyway says this to the kernel: delete the entries of this mark (a message of ctnetlink: IPCTNL_MSG_CT_DELETE with
 * CTA_MARK and CTA_MARK_MASK, through a raw socket of NETLINK_NETFILTER). EINVAL (22), EPROTONOSUPPORT (93) and EOPNOTSUPP (95): this kernel does not know how. How many there are
 * of each is counted in the kernel's own list, if it has one. Nothing is used of Perl but what is built into it.
 */
const FORGET = `
use strict;
alarm 30;
my %stays = map { split /:/ } @ARGV;
my %count;
if (grep { $_ > 0 } values %stays and open(my $list, '<', '/proc/net/nf_conntrack')) {
  while (<$list>) { $count{$1}++ if / mark=([0-9]+) / }
}
socket(my $kernel, 16, 3, 12) or exit($! + 0 == 93 ? 0 : 1);
for my $mark (keys %stays) {
  next if $stays{$mark} > 0 && ($count{$mark} // 0) <= $stays{$mark};
  my $wanted = pack('C C n', 2, 0, 0) . pack('S S N', 8, 8, $mark) . pack('S S N', 8, 21, 0xffffffff);
  send($kernel, pack('L S S L L', 16 + length($wanted), 0x0102, 5, $mark, 0) . $wanted, 0) or die "send: $!";
  defined(recv($kernel, my $answer, 8192, 0)) or die "recv: $!";
  my (undef, $type, undef, undef, undef, $fault) = unpack('L S S L L l', $answer);
  exit 0 if $fault == -22 || $fault == -95;
  die "answer $type, $fault" unless $type == 2 && $fault == 0;
}
`;

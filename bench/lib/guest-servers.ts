/** Servers in a guest, by port: a program for each connection, whose input and output it is. */
export const GUEST_SERVERS = { source: 7001, sink: 7002, echo: 7003 } as const;

const INETD = `
use IO::Socket::INET;
my $port = shift;
my $server = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => $port, Listen => 128, ReuseAddr => 1) or die;
$SIG{CHLD} = "IGNORE";
for (;;) {
  my $client = $server->accept or next;
  next if fork;
  open STDIN, "<&", $client;
  open STDOUT, ">&", $client;
  exec @ARGV;
}`;

/** Scripts that serve for ever: one writes so many bytes and ends, one reads to the end and then says so by one byte, one echoes. */
export function guestServerScripts(transferBytes: number): readonly string[] {
  const programs = {
    source: `head -c ${transferBytes} /dev/zero`,
    sink: 'cat >/dev/null; printf .',
    echo: 'cat',
  } as const;
  return [
    serve(GUEST_SERVERS.source, programs.source),
    serve(GUEST_SERVERS.sink, programs.sink),
    serve(GUEST_SERVERS.echo, programs.echo),
  ];
}

function serve(port: number, program: string): string {
  return `exec perl -e '${INETD}' ${port} sh -c '${program}'`;
}

import { describe, expect, it } from 'vitest';
import { parseListeners, sortListeners } from './listener.ts';

/** As kernels print them. */
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21731 1 0000000000000000 100 0 0 10 0
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21732 1 0000000000000000 100 0 0 10 0
   2: 0F02000A:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21733 1 0000000000000000 100 0 0 10 0
   3: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 21734 1 0000000000000000 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   1: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   2: 0000000000000000FFFF00000100007F:0BB9 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   3: B80D0120000000000000000001000000:0BBA 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
   4: 000080FE00000000FF005450B6AD1DFE:0BBB 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000
`;

const shown = (table: string) =>
  parseListeners(table).map(({ address, port, isReachable }) => `${address} ${port} ${isReachable}`);

describe('the listeners of a guest', () => {
  it('are those sockets of IPv4 that listen', () => {
    expect(shown(TCP)).toEqual(['127.0.0.1 8080 true', '0.0.0.0 22 true', '10.0.2.15 5432 false']);
  });

  it('are those of IPv6, in the usual writing', () => {
    expect(shown(TCP6)).toEqual([
      ':: 80 true',
      '::1 3000 true',
      '::ffff:127.0.0.1 3001 true',
      '2001:db8::1 3002 false',
      'fe80::5054:ff:fe1d:adb6 3003 false',
    ]);
  });

  it('are none where a guest says something else', () => {
    const lies = ['', 'x', '0: 0100007F:1F90', '0: 0100007F:1F9 0 0A', '0: ../../etc:1F90 0 0A', '\u0000'.repeat(99)];

    expect(lies.flatMap(parseListeners)).toEqual([]);
  });

  it('are told by port, each once', () => {
    const all = sortListeners(parseListeners(`${TCP6}${TCP}${TCP}`));

    expect(all.map(({ port }) => port)).toEqual([22, 80, 3000, 3001, 3002, 3003, 5432, 8080]);
  });
});

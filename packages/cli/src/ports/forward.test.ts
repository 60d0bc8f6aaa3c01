import { describe, expect, it } from 'vitest';
import { isLoopback, parseForward } from './forward.ts';

describe('what is forwarded', () => {
  it.each([
    ['8080', { localPort: 8080, remotePort: 8080 }],
    ['9000:80', { localPort: 9000, remotePort: 80 }],
    [':80', { localPort: 0, remotePort: 80 }],
    ['0:65535', { localPort: 0, remotePort: 65_535 }],
  ])('%s is %j', (text, forward) => {
    expect(parseForward(text)).toEqual(forward);
  });

  it.each(['', '0', '80:', '1:2:3', '65536', '65536:80', 'http', '-1', '8o', '1.5'])('%j is refused', (text) => {
    expect(() => parseForward(text)).toThrow(expect.objectContaining({ reason: 'cli.usage' }));
  });

  it('stays on this machine on loopback addresses alone', () => {
    const shown = ['127.0.0.1', '127.1.2.3', '::1', 'localhost', '0.0.0.0', '::', '10.0.0.1', '127.example.com'];

    expect(shown.map(isLoopback)).toEqual([true, true, true, true, false, false, false, false]);
  });
});

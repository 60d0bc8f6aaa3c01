import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseIpRange } from '../lib/ip-address.ts';
import { createClientAddresses, type TrustedProxies } from './client-address.ts';

const PROXIES = ['10.0.0.0/8', '::1', '2001:db8:ffff::/48'].flatMap((text) => parseIpRange(text) ?? []);

/** A request over a connection from `peer`. */
function requestFrom(peer: string, headers: Record<string, string>): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const request = new IncomingMessage(socket);
  Object.assign(request.headers, headers);
  return request;
}

function addressOf(
  peer: string,
  headers: Record<string, string>,
  header: TrustedProxies['header'] = 'x-forwarded-for',
) {
  return createClientAddresses({ ranges: PROXIES, header }).of(requestFrom(peer, headers));
}

describe("the caller's address", () => {
  it.each(['192.0.2.1', '127.0.0.1', '2001:db8::1'])(
    "is the peer's own, %s, whatever it claims, unless that is a trusted proxy",
    (peer) => {
      expect(addressOf(peer, { 'x-forwarded-for': '198.51.100.7', forwarded: 'for=198.51.100.7' })).toBe(peer);
    },
  );

  it.each([
    ['10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['::ffff:10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['::1', '198.51.100.7', '198.51.100.7'],
    ['10.0.0.1', ' 198.51.100.7:4711 ', '198.51.100.7'],
    ['10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
    ['10.0.0.1', '::ffff:198.51.100.7', '198.51.100.7'],
    // What the caller has written itself stands left of what the proxies have.
    ['10.0.0.1', '203.0.113.9, 198.51.100.7', '198.51.100.7'],
    ['10.0.0.1', '127.0.0.1, 10.9.9.9, 198.51.100.7, 10.0.0.2', '198.51.100.7'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    // A proxy that says nothing of use stands for those behind it.
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', 'unknown', '10.0.0.1'],
    ['10.0.0.1', '198.51.100.7, nonsense, 10.0.0.2', '10.0.0.2'],
    ['10.0.0.1', '198.51.100.7,', '10.0.0.1'],
    ['10.0.0.1', `198.51.100.7${', 10.0.0.2'.repeat(100)}`, '10.0.0.2'],
  ])('by the proxy %s with X-Forwarded-For %j is %s', (peer, value, expected) => {
    expect(addressOf(peer, { 'x-forwarded-for': value, forwarded: 'for=203.0.113.1' })).toBe(expected);
  });

  it.each([
    ['for=198.51.100.7', '198.51.100.7'],
    ['For="[2001:db8::7]:4711";proto=https;by=10.0.0.1', '2001:db8::7'],
    ['for=203.0.113.9, proto=http;for=198.51.100.7, for=10.0.0.2', '198.51.100.7'],
    ['for="a,b;for=198.51.100.7"', '10.0.0.1'],
    ['for=203.0.113.9, for=_hidden', '10.0.0.1'],
    ['for=203.0.113.9, proto=https', '10.0.0.1'],
    ['for="\\"198.51.100.7', '10.0.0.1'],
    // A quote that the caller has left open swallows what the proxy adds; what stands before it is the caller's own.
    ['for=203.0.113.9;by=", for=198.51.100.7', '10.0.0.1'],
    ['for=203.0.113.9;by="\\, for="[2001:db8::7]"', '10.0.0.1'],
  ])('with Forwarded %j is %s', (value, expected) => {
    expect(addressOf('10.0.0.1', { forwarded: value, 'x-forwarded-for': '203.0.113.1' }, 'forwarded')).toBe(expected);
  });

  it('is none for a connection that is gone', () => {
    expect(createClientAddresses({ ranges: [], header: 'forwarded' }).of(new IncomingMessage(new Socket()))).toBeNull();
  });

  it('is known to come by a proxy when the peer is one', () => {
    const { isProxied } = createClientAddresses({ ranges: PROXIES, header: 'x-forwarded-for' });

    expect(isProxied(requestFrom('10.1.1.1', {}))).toBe(true);
    expect(isProxied(requestFrom('192.0.2.1', { 'x-forwarded-for': '10.1.1.1' }))).toBe(false);
  });
});

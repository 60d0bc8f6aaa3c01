import { describe, expect, it } from 'vitest';
import { networkRequest, parseRule, ruleText } from './network-options.ts';

describe('the options of a network', () => {
  it('name a mode or a network by one word, and say nothing where nothing was given', () => {
    expect(networkRequest({})).toEqual({});
    expect(networkRequest({ network: 'none' })).toEqual({ network: { mode: 'none' } });
    expect(networkRequest({ network: 'blue', securityGroup: ['web'] })).toEqual({
      network: { name: 'blue', security_groups: ['web'] },
    });
  });

  it.each(['198.51.100.0/24', 'tcp:198.51.100.7/32:443', 'udp:10.0.0.0/8:8000-8100', 'icmp:10.0.0.0/8'])(
    'read the rule %s, and write it again',
    (text) => {
      expect(ruleText(parseRule(text))).toBe(text);
    },
  );

  it.each(['', '10.0.0.1', 'sctp:10.0.0.0/8', 'tcp:10.0.0.0/8:http'])('refuse %s', (text) => {
    expect(() => parseRule(text)).toThrow('A rule is');
  });
});

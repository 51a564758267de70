// Goal: references, destinations and tuples are taken apart as language.md says ("References and
// targets"), and what they cannot mean is refused with what to write instead.

import { expect } from 'chai';
import { parseDestination, parseReference, parseTuple } from '../../src/language/reference';
import type { Reading } from '../../src/language/duration';

function valueOf<T>(reading: Reading<T>): T {
  if (!reading.ok) throw new Error(reading.message);
  return reading.value;
}

function refusalOf(reading: Reading<unknown>): string {
  return reading.ok ? 'read' : `${reading.message} (${reading.hint ?? ''})`;
}

describe('a reference', () => {
  const read: readonly (readonly [string, object])[] = [
    ['web', { name: 'web' }],
    ['shop/web', { namespace: 'shop', name: 'web' }],
    ['pod/web', { kind: 'Pod', name: 'web' }],
    ['pod/shop/cart-0', { kind: 'Pod', namespace: 'shop', name: 'cart-0' }],
    ['Deployment/shop/web', { kind: 'Deployment', namespace: 'shop', name: 'web' }],
    ['shop/web#2', { namespace: 'shop', name: 'web', ordinal: 2 }],
    ['shop/web#2/app', { namespace: 'shop', name: 'web', ordinal: 2, container: 'app' }],
    ['shop/web/app', { namespace: 'shop', name: 'web', container: 'app' }],
    ['node/worker-1', { kind: 'Node', name: 'worker-1' }],
    ['external/internet', { kind: 'External', name: 'internet' }],
    ['external', { kind: 'External', name: 'external' }],
    ['shop/web.v2', { namespace: 'shop', name: 'web.v2' }],
  ];
  for (const [text, parts] of read) {
    it(text, () => expect(valueOf(parseReference(text))).to.deep.equal({ text, ...parts }));
  }

  it('takes kinds that the lexicon knows, in every spelling of kubectl', () => {
    const kinds = new Map([['cert', 'Certificate']]);
    expect(valueOf(parseReference('cert/shop/web', kinds)).kind).to.equal('Certificate');
    expect(valueOf(parseReference('cert/web')).namespace).to.equal('cert');
  });

  for (const word of ['deployment', 'deployments', 'deploy']) {
    it(`takes ${word}/ without the lexicon, too: a run has only this page`, () => {
      const read = valueOf(parseReference(`${word}/shop/web`));
      expect([read.kind, read.namespace, read.name]).to.deep.equal(['Deployment', 'shop', 'web']);
    });
  }

  for (const text of [
    '',
    '/',
    'a//b',
    'a b',
    'shop/web#0',
    'shop/web#',
    'a/b/c/d',
    'node/a/b',
    '-a',
  ]) {
    it(`"${text}" is refused`, () => expect(parseReference(text).ok).to.equal(false));
  }
});

describe('a destination', () => {
  const read: readonly (readonly [string, object])[] = [
    ['backend:80', { is: 'name', host: 'backend', port: 80, protocol: 'TCP' }],
    [
      'dns.kube-system.svc:53/udp',
      { is: 'name', host: 'dns.kube-system.svc', port: 53, protocol: 'UDP' },
    ],
    ['10.96.0.20:80', { is: 'address', ip: '10.96.0.20', port: 80, protocol: 'TCP' }],
    ['[fd00::0:1]:80', { is: 'address', ip: 'fd00::1', port: 80, protocol: 'TCP' }],
    [
      'https://shop.example.com/cart',
      { is: 'url', scheme: 'https', host: 'shop.example.com', port: 443, path: '/cart' },
    ],
    ['http://web:8080', { is: 'url', scheme: 'http', host: 'web', port: 8080, path: '/' }],
  ];
  for (const [text, parts] of read) {
    it(text, () => expect(valueOf(parseDestination(text))).to.deep.equal(parts));
  }

  it('is an object where a kind stands before the name', () => {
    const destination = valueOf(parseDestination('pod/shop/cart-0:8080'));
    expect(destination).to.include({ is: 'object', port: 8080 });
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['backend', /no port \(write backend:80\)/],
    ['ftp://web', /"ftp" of "ftp:\/\/web" is no scheme that is known \(write http or https\)/],
    ['backend:0', /no port from 1 to 65535/],
    ['backend:http', /no port from 1 to 65535/],
    ['shop/backend:80', /needs a kind .*pod\/shop\/backend:80 or service\/shop\/backend:80/],
    ['fd00::1:80', /without brackets \(write "\[fd00::1\]:80"\)/],
    ['10.96.0.300:80', /not an IPv4 address/],
    ['https://', /not a URL/],
    ['https://web:99999', /no port from 1/],
  ];
  for (const [text, refusal] of refused) {
    it(`"${text}" is refused`, () => expect(refusalOf(parseDestination(text))).to.match(refusal));
  }
});

describe('a tuple', () => {
  it('has two addresses; any port is `any`', () => {
    expect(valueOf(parseTuple('10.244.1.5:8080 > [fd00::1]:any'))).to.deep.equal({
      from: { ip: '10.244.1.5', port: 8080 },
      to: { ip: 'fd00::1', port: 'any' },
    });
  });

  const refused: readonly (readonly [string, RegExp])[] = [
    ['10.244.1.5:8080', /not a tuple/],
    ['10.244.1.5:8080 > 10.244.1.3', /no port \(write 10\.244\.1\.3:any\)/],
    ['10.244.1.5:8080 > fd00::1', /write "\[fd00::1\]:any"/],
    ['10.244.1.5:8080 > 10.244.1.3:70000', /no port from 1 to 65535/],
    ['web:80 > 10.244.1.3:80', /not an address/],
  ];
  for (const [text, refusal] of refused) {
    it(`"${text}" is refused`, () => expect(refusalOf(parseTuple(text))).to.match(refusal));
  }
});

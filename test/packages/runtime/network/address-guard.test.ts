// Owns: the table of addresses that an outgoing webhook may and may not reach.
import { createAddressGuard } from '@wxgw/runtime'
import t from 'tap'
import { words } from '../../../helpers/words.ts'

const REFUSED: Record<string, string[]> = {
  'unspecified address': ['0.0.0.0', '0.1.2.3', '::'],
  'loopback address': ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'],
  'private address': ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fdff:ffff::1', 'fec0::1'],
  'link-local address': ['169.254.0.1', '169.254.169.254', '169.254.0.23', 'fe80::1', 'febf::1'],
  'shared address': ['100.64.0.1', '100.100.100.200', '100.127.255.255'],
  'multicast address': ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  'broadcast address': ['255.255.255.255'],
  'embedded IPv4 address': words`
    ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:8.8.8.8 ::127.0.0.1 ::8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
    64:ff9b::169.254.169.254 64:ff9b:1::10.0.0.1 64:ff9b:1:ffff::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2001::1
    2001:0:4136:e378:8000:63bf:3fff:fdd2
  `,
  'reserved address': words`
    192.0.0.1 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 240.0.0.1 250.1.2.3 ::7f00:1
    100::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 5f00::1 4000::1 8000::1 e000::1
  `,
  'not an IP address': ['', 'localhost', '127.1', '0x7f000001', '2130706433', '127.0.0.1:80', '[::1]', '1.2.3.4/32'],
}

const OPEN = words`1.1.1.1 8.8.8.8 101.226.103.1 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 169.253.255.255`
const OPEN_IPV6 = ['2400:3200::1', '2606:4700:4700::1111', '2a00:1450:4001::200e', '2402:4e00::']

void t.test('addresses outside the public unicast ranges are refused, each with its reason', async (t) => {
  const guard = createAddressGuard([])
  for (const [reason, addresses] of Object.entries(REFUSED)) {
    for (const address of addresses) t.equal(guard(address), reason, address)
  }
})

void t.test('public addresses are open, up to the edges of the private ranges', async (t) => {
  const guard = createAddressGuard([])
  for (const address of [...OPEN, ...OPEN_IPV6]) t.equal(guard(address), undefined, address)
})

void t.test('an allowed network opens what is inside, mapped into IPv6 too, and nothing else', async (t) => {
  const guard = createAddressGuard(['127.0.0.0/8', '10.1.0.0/16', 'fd00:1::/32'])
  for (const address of ['127.0.0.1', '127.9.9.9', '10.1.255.255', 'fd00:1::5', '::ffff:10.1.0.1']) {
    t.equal(guard(address), undefined, address)
  }
  for (const address of ['::1', '10.2.0.1', 'fd00:2::5', '::ffff:10.2.0.1', '169.254.169.254', '64:ff9b::7f00:1']) {
    t.not(guard(address), undefined, address)
  }
})

void t.test('a network that is none is refused at once', async (t) => {
  for (const cidr of ['127.0.0.1', '10.0.0.0/33', 'all', '']) t.throws(() => createAddressGuard([cidr]), cidr)
})

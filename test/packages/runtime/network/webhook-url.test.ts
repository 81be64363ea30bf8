// Owns: the table of URLs that may and may not be given as a webhook's.
import { checkWebhookUrl } from '@wxgw/runtime'
import t from 'tap'
import { words } from '../../../helpers/words.ts'

const LOOPBACK_FORMS = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0x7f.1/',
  'http://0x7f.0x0.0x0.0x1/',
  'http://017700000001/',
  'http://0177.0.0.1/',
  'http://0177.1/',
  'http://127%2e0%2e0%2e1/',
  'http://127。0。0。1/',
  'http://127.0.0.1./',
  'http:127.0.0.1/',
  'http:/\\127.0.0.1/',
  'http:\\\\127.0.0.1\\',
  ' http://127.0.0.1/ ',
  'ht\ntp://127.0.0.1/',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'HTTPS://127.0.0.1:8443/hook?x=1#y',
]

const OTHER_ADDRESSES = words`
  http://0/ http://0.0.0.0/ http://[::]/ http://10.0.0.1/ http://0xa000001/ http://167772161/ http://172.16.0.1/
  http://192.168.0.1/ http://3232235521/ http://169.254.169.254/latest/meta-data/ http://0xa9fea9fe/ http://2852039166/
  http://0251.0376.0251.0376/ http://169.254.43518/ http://100.100.100.200/ http://100.64.0.1/ http://198.18.0.1/
  http://224.0.0.1/ http://255.255.255.255/ http://240.0.0.1/ http://203.0.113.1/ http://[::ffff:127.0.0.1]/
  http://[::ffff:7f00:1]/ http://[::127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b::a9fe:a9fe]/
  http://[64:ff9b:1::7f00:1]/ http://[2002:7f00:1::]/ http://[2001:0:53aa:64c:0:0:80ff:fffe]/ http://[5f00::1]/
  http://[fe80::1]/ http://[fd00::1]/ http://[ff02::1]/ http://[2001:db8::1]/ http://[100::1]/
`

const LOOPBACK_NAMES = words`
  http://localhost/ http://LOCALHOST./ http://LocalHost:6379/ http://a.b.localhost/ http://localhost.localdomain/
  http://ip6-localhost/ http://ｌｏｃａｌｈｏｓｔ/ http://%6c%6f%63%61%6c%68%6f%73%74/
`

const PRIVATE_NAMES = words`
  http://printer.local/ http://db.internal/ http://db.INTERNAL./ http://nas.home.arpa/ http://box.localdomain/
`

const METADATA = words`
  http://metadata.google.internal/ http://METADATA.google.internal./ http://metadata.tencentyun.com/ http://metadata/
`

const NOT_A_WEBHOOK: Record<string, string[]> = {
  'not a URL': [
    '',
    'crm',
    '/hook',
    'http://',
    'http://256.1.1.1/',
    'http://[::1',
    'http://a b/',
    'http://1.2.3.4.5/',
    'http://[fe80::1%25eth0]/',
  ],
  'neither http nor https': words`
    ftp://crm.example/ file:///etc/passwd gopher://crm.example/ javascript:alert(1) redis://crm.example/
  `,
  'credentials in the URL': words`
    https://u:p@crm.example/ https://u@crm.example/ https://:p@crm.example/ https://crm.example@127.0.0.1/
  `,
  'no host': ['http://./'],
}

const OPEN = words`
  https://crm.example/hooks http://crm.example:8080/hooks?a=b https://8.8.8.8/ https://[2606:4700:4700::1111]/
  https://localhost.example/ https://internal.example/ https://例子.测试/ https://crm.example./
`

void t.test('a URL whose host is a private address in any notation is refused', async (t) => {
  for (const url of [...LOOPBACK_FORMS, ...OTHER_ADDRESSES])
    t.match(checkWebhookUrl(url, []), /address$/, JSON.stringify(url))
})

void t.test('names that never lead to a public host are refused', async (t) => {
  for (const url of LOOPBACK_NAMES) t.equal(checkWebhookUrl(url, []), 'loopback name', url)
  for (const url of PRIVATE_NAMES) t.equal(checkWebhookUrl(url, []), 'private name', url)
  for (const url of METADATA) t.equal(checkWebhookUrl(url, []), 'metadata host', url)
})

void t.test('what is no http URL, or carries credentials, is refused', async (t) => {
  for (const [reason, urls] of Object.entries(NOT_A_WEBHOOK)) {
    for (const url of urls) t.equal(checkWebhookUrl(url, ['0.0.0.0/0', '::/0']), reason, url)
  }
})

void t.test('public hosts may be given', async (t) => {
  for (const url of OPEN) t.equal(checkWebhookUrl(url, []), undefined, url)
})

void t.test('allowed networks lift the refusal of what is inside them', async (t) => {
  const loopback = ['127.0.0.0/8']
  for (const url of ['http://127.0.0.1:9/', 'http://0x7f.1/', 'http://localhost:9/', 'http://db.internal/']) {
    t.equal(checkWebhookUrl(url, loopback), undefined, url)
  }
  t.equal(checkWebhookUrl('http://localhost/', ['10.0.0.0/8']), 'loopback name')
  t.equal(checkWebhookUrl('http://10.0.0.1/', loopback), 'private address')
  for (const url of METADATA) t.equal(checkWebhookUrl(url, ['0.0.0.0/0', '::/0']), 'metadata host', url)
})

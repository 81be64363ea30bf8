// Owns: the address to which a browser goes after an authorization session has ended.

/** The parameters that the gateway sets, replacing those of the same name in the returnUrl. */
type Ending = { session: string; reference: string; appid: string; status: 'completed' | 'refused' }

/** The other parameters and the fragment of `returnUrl` stay as they were written. */
export function returnUrlWith(returnUrl: string, ending: Ending): string {
  const [address = '', ...fragment] = returnUrl.split('#')
  const [path = '', ...query] = address.split('?')
  const own = query
    .join('?')
    .split('&')
    .filter((pair) => pair !== '' && !Object.hasOwn(ending, nameOf(pair)))
  const search = [...own, new URLSearchParams(ending).toString()].join('&')
  return `${path}?${search}${fragment.length === 0 ? '' : `#${fragment.join('#')}`}`
}

function nameOf(pair: string): string {
  const [name = ''] = new URLSearchParams(pair).keys()
  return name
}

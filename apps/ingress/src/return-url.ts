// Owns: the address to which a browser goes after an authorization session has ended.

/** Ours, whatever the returnUrl says of them. */
type Ending = { session: string; reference: string; appid: string; status: 'completed' | 'refused' }

/** Query and fragment of `returnUrl` stay as they were written, but for the names that are ours. */
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

// Owns: the patterns in `apis` of a grant: which paths of WeChat's they reach.

/** `*` stands for any text, `/` included; case matters. Linear in the path for each part between two `*`. */
export function isReachedBy(pattern: string, path: string): boolean {
  const [first = '', ...others] = pattern.split('*')
  const last = others.pop()
  if (last === undefined) return path === first
  if (path.length < first.length + last.length || !path.startsWith(first) || !path.endsWith(last)) return false
  let from = first.length
  for (const part of others) {
    const at = path.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return from <= path.length - last.length
}

// Owns: the normalized form of a name in the index of accounts (account-index.lua).

/** Longer names are cut, because a member of the index has to fit into a cursor. */
const MAX_CHARACTERS = 48

/** Ignores case, width and blanks. */
export function searchableName(name: string): string {
  const plain = name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim()
  return Array.from(plain).slice(0, MAX_CHARACTERS).join('')
}

// Owns: the form of a name in which accounts are found by it. The index is written by account-index.lua.

/** Longer names are found by so much of them. A position in the list has to fit into a cursor. */
const MAX_CHARACTERS = 48

/** The same for all spellings of one name: case, width, blanks. */
export function searchableName(name: string): string {
  const plain = name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim()
  return Array.from(plain).slice(0, MAX_CHARACTERS).join('')
}

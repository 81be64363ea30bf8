// Owns: by what an entry of an account's history is found. The entry is written by history.lua.

/** What an entry keeps of the hash of its authorization code. */
export function historyCode(codeHash: string): string {
  return codeHash.slice(0, 32)
}

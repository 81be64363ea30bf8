// Owns: reading the decrypted document of a push. Invalid XML is a result, not an error: the push is authentic.
import { parseXml } from '../xml/parse-xml.ts'
import type { XmlTree } from '../xml/tree.ts'
import { XmlRefusedError } from '../xml/xml-refused.ts'

type PushDocument = { data: XmlTree } | { reason: XmlRefusedError['reason'] }

export function parsePushDocument(plaintext: string): PushDocument {
  try {
    return { data: parseXml(plaintext, { root: 'xml' }) }
  } catch (error) {
    if (error instanceof XmlRefusedError) return { reason: error.reason }
    throw error
  }
}

// Owns: the one error of this folder.

export type XmlRefusal =
  /** No element at all, or text around the root. */
  | 'not-xml'
  /** A tag, comment or CDATA section that is not closed, or closed by another. */
  | 'not-well-formed'
  /** A DOCTYPE, or any other `<!` than a comment or a CDATA section. */
  | 'declaration'
  /** More than one root element. */
  | 'several-roots'
  /** The root element has another name than the one asked for. */
  | 'wrong-root'
  /** `__proto__`, `constructor` or `prototype`. */
  | 'dangerous-name'
  /** More than 64 elements within each other. */
  | 'too-deep'
  /** More than 100,000 elements. */
  | 'too-many-elements'

/** A refused document. The message never contains its text. */
export class XmlRefusedError extends Error {
  readonly reason: XmlRefusal

  constructor(reason: XmlRefusal) {
    super(`XML refused: ${reason}`)
    this.name = 'XmlRefusedError'
    this.reason = reason
  }
}

// Owns: the shape of a parsed WeChat document.

/** WeChat's XML as JSON: every leaf a string, WeChat's own names, repeatable elements always arrays. */
export type XmlTree = { [name: string]: XmlValue }
export type XmlValue = string | XmlTree | Array<string | XmlTree>

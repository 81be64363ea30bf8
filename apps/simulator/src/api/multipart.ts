// Owns: finding a file in a multipart body.
export type Payload = { bytes: Buffer; contentType: string; isChunked: boolean }

export type Part = { bytes: Buffer; contentType: string; fileName: string }

/** The file part with this name; undefined when there is none, or the body is incomplete. */
export function readPart({ bytes, contentType }: Payload, name: string): Part | undefined {
  const [, quoted, plain] = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined || bytes.lastIndexOf(`--${boundary}--`) < 0) return undefined
  const delimiter = Buffer.from(`--${boundary}`)
  for (let at = bytes.indexOf(delimiter); at >= 0;) {
    const next = bytes.indexOf(delimiter, at + delimiter.length)
    if (next < 0) return undefined
    // From the line after the boundary to the line break before the next one.
    const part = filePart(bytes.subarray(at + delimiter.length + 2, next - 2), name)
    if (part !== undefined) return part
    at = next
  }
  return undefined
}

function filePart(part: Buffer, name: string): Part | undefined {
  const end = part.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = part.subarray(0, end).toString()
  const fileName = /filename="?([^"\r\n;]*)"?/i.exec(head)?.[1]
  if (fileName === undefined || !new RegExp(`[; ]name="?${name}"?(?:;|\\r|$)`, 'i').test(head)) return undefined
  const contentType = /^content-type: *(\S.*)$/im.exec(head)?.[1]?.trim() ?? 'application/octet-stream'
  return { bytes: part.subarray(end + 4), contentType, fileName }
}

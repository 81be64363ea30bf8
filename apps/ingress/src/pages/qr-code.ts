// Owns: QR codes as SVG.
import QRCode from 'qrcode'
import { Html } from './html.ts'

/** The size of the cache: drawing a code takes 1 to 2 ms, and the same page is often opened again. */
const MAX_CACHED = 200
const kept = new Map<string, Html>()
/** The capacity of the largest code with this error correction. */
const MAX_BYTES = 2331

/** undefined when the text is too long for one. */
export async function qrCode(text: string): Promise<Html | undefined> {
  if (Buffer.byteLength(text) > MAX_BYTES) return undefined
  const known = kept.get(text)
  if (known) return known
  const drawn = new Html(await QRCode.toString(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 }))
  if (kept.size >= MAX_CACHED) kept.clear()
  kept.set(text, drawn)
  return drawn
}

// Owns: QR codes as SVG.
import QRCode from 'qrcode'
import { Html } from './html.ts'

/** Drawing one keeps the process busy for a millisecond or two: the same page is often seen again. */
const MOST_KEPT = 200
const kept = new Map<string, Html>()
/** What the largest code of this error correction holds. */
const MOST_BYTES = 2331

/** undefined when the text is too long for one. */
export async function qrCode(text: string): Promise<Html | undefined> {
  if (Buffer.byteLength(text) > MOST_BYTES) return undefined
  const known = kept.get(text)
  if (known) return known
  const drawn = new Html(await QRCode.toString(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 }))
  if (kept.size >= MOST_KEPT) kept.clear()
  kept.set(text, drawn)
  return drawn
}

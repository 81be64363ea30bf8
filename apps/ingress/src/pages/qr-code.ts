// Owns: QR codes as SVG.
import QRCode from 'qrcode'
import { Html } from './html.ts'

/** Drawing one keeps the process busy for a millisecond or two: the same page is often seen again. */
const MOST_KEPT = 200
const kept = new Map<string, Html>()

export async function qrCode(text: string): Promise<Html> {
  const known = kept.get(text)
  if (known) return known
  const drawn = new Html(await QRCode.toString(text, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 }))
  if (kept.size >= MOST_KEPT) kept.clear()
  kept.set(text, drawn)
  return drawn
}

// Owns: a QR code as SVG, made in the browser.
import { create } from 'qrcode'
import { useMemo } from 'react'

/** Width of the light margin in modules: scanners need it. */
const QUIET_ZONE = 4

export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => svgPathOf(text), [text])
  const width = size + 2 * QUIET_ZONE
  return (
    <svg
      className="qr-code"
      role="img"
      aria-label={label}
      viewBox={`${-QUIET_ZONE} ${-QUIET_ZONE} ${width} ${width}`}
      shapeRendering="crispEdges"
    >
      <rect x={-QUIET_ZONE} y={-QUIET_ZONE} width={width} height={width} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

function svgPathOf(text: string): { size: number; path: string } {
  const { modules } = create(text, { errorCorrectionLevel: 'M' })
  const { size, data } = modules
  const dark = Array.from(data).flatMap((bit, index) =>
    bit ? [`M${index % size} ${Math.floor(index / size)}h1v1h-1z`] : [],
  )
  return { size, path: dark.join('') }
}

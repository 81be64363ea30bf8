// Owns: a list of words without blanks, as one text: words`a b c`. Escapes stand as they are written.

export function words(text: TemplateStringsArray): string[] {
  return text.raw.join('').trim().split(/\s+/)
}

// Owns: the demo's output on a terminal.

const useColour = process.stdout.isTTY && !process.env.NO_COLOR
const paint = (code) => (text) => (useColour ? `\x1b[${code}m${text}\x1b[0m` : text)
const bold = paint('1')
const dim = paint('2')
const green = paint('32')
const red = paint('31')

let steps = 0

export function title(text) {
  console.log(`\n${bold(text)}`)
}

export function step(english, chinese) {
  steps += 1
  console.log(`\n${bold(`${steps}. ${english}`)} ${dim(chinese)}`)
}

export function fact(name, value) {
  console.log(`   ${name.padEnd(26)} ${value}`)
}

export function done(text) {
  console.log(`   ${green('✓')} ${text}`)
}

export function failed(text) {
  console.log(`   ${red('✗')} ${text}`)
}

/** The start of a secret, enough to distinguish two. */
export function shortened(secret) {
  return `${secret.slice(0, 10)}…${secret.slice(-4)} (${secret.length} characters)`
}

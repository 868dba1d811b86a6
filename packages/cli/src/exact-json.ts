/** JSON text without white space, its numbers digit by digit: 12345678901234567890 and 1.0 would not survive a double. */

/** Part of JavaScript, not yet of TypeScript's library. */
const { rawJSON } = JSON as unknown as {
  readonly rawJSON: (text: string) => unknown
}

/** The text of member `name` of the object that `json` is. */
export function memberText(json: string, name: string): string {
  const parsed = JSON.parse(json, keepDigits) as Readonly<Record<string, unknown>>
  return JSON.stringify(parsed[name])
}

function keepDigits(
  _name: string,
  value: unknown,
  context?: { readonly source?: string },
): unknown {
  return typeof value === 'number' && context?.source !== undefined
    ? rawJSON(context.source)
    : value
}

/**
 * PostgreSQL's text form of an array, for batch functions that take parallel arrays: one string per column is the
 * cheapest thing the driver can send, and the server reads it in C.
 */
export function numberArray(values: readonly (bigint | number)[]): string {
  return `{${values.join(',')}}`
}

export function textArray(values: readonly string[]): string {
  return `{${values.map(quote).join(',')}}`
}

function quote(value: string): string {
  return /^[\w.:-]+$/.test(value) && !/^null$/i.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`
}

/** The first key after all that begin with `prefix`: keys are ASCII, so raising the last byte is enough. */
export function prefixEnd(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

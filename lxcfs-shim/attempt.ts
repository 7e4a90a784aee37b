/** What `look` gives, or undefined where it throws: for what may be gone, or not to be looked at. */
export function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

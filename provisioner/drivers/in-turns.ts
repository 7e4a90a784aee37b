/**
 * Calls for each item, a few at a time, and returns what each gave, in order. Throws the first
 * failure once nothing runs any more: a caller that undoes does not race with what it started.
 */
export async function inTurns<T, R>(
  items: readonly T[],
  atOnce: number,
  call: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const rest = items.entries();
  const results: R[] = [];
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (const [index, item] of rest) {
      if (failures.length > 0) return;
      try {
        results[index] = await call(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
  if (failures.length > 0) throw failures[0];
  return results;
}

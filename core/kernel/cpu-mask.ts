/*
 * 00000000,0000000f
 *
 * A set of CPUs in hexadecimal, 32 to a group, the highest first, as topology, cache and node directories have beside
 * the list: Documentation/admin-guide/cputopology.rst.
 */

/** The mask with only those CPUs left in it that are in `ids`; as wide as it was. */
export function intersectCpuMask(mask: string, ids: ReadonlySet<number>): string {
  const digits = mask.replaceAll(/[^0-9a-f]/g, "").length;
  let seen = 0;
  return mask.replaceAll(/[0-9a-f]/g, (digit) => {
    seen += 1;
    const first = 4 * (digits - seen);
    const kept = [0, 1, 2, 3].reduce((bits, bit) => bits + (ids.has(first + bit) ? 1 << bit : 0), 0);
    return (Number.parseInt(digit, 16) & kept).toString(16);
  });
}

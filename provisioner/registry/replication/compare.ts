/** Digests by tag. */
export type Tags = ReadonlyMap<string, string>;
/** By tag, what a rule has brought to the destination, or was about to bring when it was killed. */
export type OwnTags = ReadonlyMap<string, readonly string[]>;

export interface Comparison {
  readonly tag: string;
  /**
   * `ahead`: changed at the destination alone, which another rule may bring back. `diverged`: changed
   * at both, or never brought by this rule.
   */
  readonly action: "same" | "copy" | "delete" | "ahead" | "diverged";
  readonly source: string | undefined;
  readonly destination: string | undefined;
}

export interface ComparisonOptions {
  readonly overwrite: boolean;
  readonly deletes: boolean;
}

/**
 * What a rule does with each tag of one repository. It depends on digests alone, so that it is right
 * whatever was lost, and does nothing the second time.
 */
export function planTags(
  { overwrite, deletes }: ComparisonOptions,
  source: Tags,
  destination: Tags,
  own: OwnTags,
): readonly Comparison[] {
  const judge = (tag: string): Comparison["action"] | undefined => {
    const [wanted, there, ours = []] = [source.get(tag), destination.get(tag), own.get(tag)];
    const isUntouched = there !== undefined && ours.includes(there);
    if (wanted === undefined) return deletes && isUntouched ? "delete" : undefined;
    if (wanted === there) return "same";
    if (there === undefined || isUntouched || overwrite) return "copy";
    return ours.includes(wanted) ? "ahead" : "diverged";
  };
  return [...new Set([...source.keys(), ...own.keys()])].sort().flatMap((tag) => {
    const action = judge(tag);
    if (action === undefined) return [];
    return [{ tag, action, source: source.get(tag), destination: destination.get(tag) }];
  });
}

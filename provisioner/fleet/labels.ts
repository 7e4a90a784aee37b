export type Labels = Readonly<Record<string, string>>;

/** Of those that are wanted the first that is not there, or has another value; undefined where all are there. */
export function findMissingLabel(labels: Labels, wanted: Labels): readonly [string, string] | undefined {
  return Object.entries(wanted).find(([key, value]) => labels[key] !== value);
}

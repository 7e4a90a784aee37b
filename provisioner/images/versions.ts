/**
 * The order of versions, deb-version(7): `[epoch:]upstream[-revision]`; letters come before all else,
 * `~` before even the end. apk's and rpm's versions fall into the same order but for rare suffixes.
 */
export function compareVersions(a: string, b: string): number {
  const [first, second] = [split(a), split(b)];
  return (
    first.epoch - second.epoch ||
    comparePart(first.upstream, second.upstream) ||
    comparePart(first.revision, second.revision)
  );
}

function split(version: string): {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
} {
  const [, epoch = "0", upstream = "", revision = ""] = /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
  return { epoch: Number(epoch), upstream, revision };
}

/** Stretches that are no digits and stretches of digits, in turn. */
function comparePart(a: string, b: string): number {
  const [first, second] = [stretches(a), stretches(b)];
  for (let at = 0; at < Math.max(first.length, second.length); at++) {
    const [left = "", right = ""] = [first[at], second[at]];
    const order = at % 2 === 0 ? compareText(left, right) : Number(left) - Number(right);
    if (order !== 0) return order;
  }
  return 0;
}

function stretches(text: string): readonly string[] {
  return text.split(/(\d+)/);
}

function compareText(a: string, b: string): number {
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = weight(a[at]) - weight(b[at]);
    if (order !== 0) return order;
  }
  return 0;
}

function weight(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === "~") return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

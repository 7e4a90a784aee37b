/** What looks like a secret; the finding says where, never what. */
const CONTENTS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["private key", /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----\s+[A-Za-z0-9+/=\s:,-]{40}/],
  ["AWS access key", /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ["GitHub token", /\bgh[pousr]_[A-Za-z0-9]{36}\b/],
  ["GitLab token", /\bglpat-[A-Za-z0-9_-]{20}\b/],
  ["Slack token", /\bxox[abprs]-[A-Za-z0-9-]{20,}/],
  ["npm token", /_authToken\s*=\s*[A-Za-z0-9_-]{20,}/],
  ["registry password", /"auth"\s*:\s*"[A-Za-z0-9+/=]{8,}"/],
];
const NAMED = /(?:pass(?:word|wd)|secret|token|api_?key|private_?key|credential)/i;

/** Files larger than this are no keys. */
export const MAX_SECRET_BYTES: number = 64 * 1024;

/** The kinds of secrets in a text; none are []. */
export function findSecrets(text: string): readonly string[] {
  return CONTENTS.filter(([, pattern]) => pattern.test(text)).map(([kind]) => kind);
}

/** `DB_PASSWORD=…` in an image's environment is there for everybody who may pull it. */
export function isSecretVariable(assignment: string): boolean {
  const [, name = "", value = ""] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
  return findSecrets(value).length > 0 || (NAMED.test(name) && value !== "" && !value.startsWith("/"));
}

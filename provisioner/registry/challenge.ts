/*
 * How a registry says what it wants to see (RFC 9110 §11.6.1, "Token Authentication" of the distribution project):
 *
 *   Bearer realm="https://auth.example/token",service="registry",scope="repository:team/app:pull,push"
 *   Basic realm="registry"
 */

export type Challenge =
  | { readonly scheme: "basic" }
  | { readonly scheme: "bearer"; readonly realm: string; readonly service?: string; readonly scope?: string };

/** Undefined when there is nothing in it that can be answered. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const [, scheme = "", rest = ""] = /^\s*([A-Za-z]+)(?:\s+(.*))?$/s.exec(header ?? "") ?? [];
  if (scheme.toLowerCase() === "basic") return { scheme: "basic" };
  if (scheme.toLowerCase() !== "bearer") return undefined;
  const fields = new Map<string, string>();
  for (const [, name = "", quoted, bare] of rest.matchAll(/([a-z_]+)=(?:"([^"]*)"|([^",\s]+))/gi))
    fields.set(name.toLowerCase(), quoted ?? bare ?? "");
  const { realm, service, scope } = Object.fromEntries(fields);
  if (realm === undefined) return undefined;
  return {
    scheme: "bearer",
    realm,
    ...(service === undefined ? {} : { service }),
    ...(scope === undefined ? {} : { scope }),
  };
}

import type { ClientCertificate } from "../http/tls.ts";
import { canonicalAddress } from "../identity.ts";
import { coversEverything, isCovered, type Tokens } from "./token-file.ts";

/** `address`: a machine speaks from its own address, or with a token or certificate for it. `token`: with one of these only. */
export const TRUST_MODES = ["address", "token", "any"] as const;
export type TrustMode = (typeof TRUST_MODES)[number];

/** Who is at the other end of a connection. */
export interface Sender {
  /** As the socket says. */
  readonly address: string;
  readonly token: string | undefined;
  readonly certificate?: ClientCertificate | undefined;
}

/** Decides who may speak for which machine: nobody writes another machine's history. */
export class Trust {
  /** How often somebody was not believed, by what was wrong. */
  readonly refused = { address: 0, token: 0 };
  readonly #mode: TrustMode;
  readonly #tokens: () => Tokens;

  constructor(mode: TrustMode, tokens: () => Tokens = () => new Map()) {
    this.#mode = mode;
    this.#tokens = tokens;
  }

  /** Why `sender` may not speak for `machine`, counted; undefined where it may. */
  objection(machine: string, sender: Sender): string | undefined {
    if (this.#mode === "any") return undefined;
    if (sender.token !== undefined && isCovered(this.#tokens(), sender.token, machine)) return undefined;
    if (sender.certificate?.covers(machine)) return undefined;
    if (this.#mode === "address" && canonicalAddress(sender.address) === machine) return undefined;
    const isAboutToken = sender.token !== undefined || this.#mode === "token";
    this.refused[isAboutToken ? "token" : "address"]++;
    const from = canonicalAddress(sender.address) ?? sender.address;
    if (!isAboutToken)
      return `${from} may not speak for ${machine}: push from that address, or with its token`;
    return sender.token === undefined ? `no token for ${machine}` : `the token is not one for ${machine}`;
  }

  /** Whether `sender` may announce changes of machines: from this host, or with a token for all of them. */
  isOperator({ address, token }: Sender): boolean {
    if (token !== undefined) return coversEverything(this.#tokens(), token);
    const from = canonicalAddress(address) ?? "";
    return from.startsWith("127.") || from === "::1";
  }
}

/** The token in an Authorization header: a bearer's, InfluxDB's, or the password of a URL with credentials. */
export function tokenOf(authorization: string | undefined): string | undefined {
  const [, scheme = "", value = ""] = /^(bearer|token|basic) +(\S+) *$/i.exec(authorization ?? "") ?? [];
  if (value === "") return undefined;
  if (scheme.toLowerCase() === "bearer") return value;
  // Clients of InfluxDB 1.8 write user:password there.
  if (scheme.toLowerCase() === "token") return value.slice(value.indexOf(":") + 1);
  const pair = Buffer.from(value, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

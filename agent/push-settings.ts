import { readFileSync } from "node:fs";
import type { Fail } from "../core/runtime/options.ts";
import { readDuration } from "./read-duration.ts";

/** How a destination is reached, apart from its URL. Secrets are files, read again at each push. */
export interface PushSettings {
  /** What it is called, where that is not its URL. */
  readonly name?: string;
  readonly timeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bearerTokenFile?: string;
  readonly user?: string;
  readonly passwordFile?: string;
  /** PEM files. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name in the receiver's certificate, where it is not the URL's. */
  readonly serverName?: string;
  readonly verify: boolean;
  readonly proxy?: URL;
  /** Where the protocol leaves it open. */
  readonly gzip: boolean;
  /** HTTP statuses to try again that the protocol would give up at. */
  readonly retryStatuses: readonly number[];
}

export const DEFAULT_SETTINGS: PushSettings = {
  timeoutMs: 10_000,
  headers: {},
  verify: true,
  gzip: true,
  retryStatuses: [],
};

type Reader = (value: unknown, fail: Fail) => Partial<PushSettings>;

const text =
  (
    key: "name" | "bearerTokenFile" | "user" | "passwordFile" | "ca" | "cert" | "key" | "serverName",
  ): Reader =>
  (value, fail) => ({ [key]: typeof value === "string" && value !== "" ? value : fail("must be a text") });

const flag =
  (key: "verify" | "gzip"): Reader =>
  (value, fail) => ({ [key]: typeof value === "boolean" ? value : fail("must be true or false") });

/** The options of a destination in the configuration file, beside `url`. */
const READERS: Readonly<Record<string, Reader>> = {
  name: text("name"),
  bearerTokenFile: text("bearerTokenFile"),
  user: text("user"),
  passwordFile: text("passwordFile"),
  ca: text("ca"),
  cert: text("cert"),
  key: text("key"),
  serverName: text("serverName"),
  verify: flag("verify"),
  gzip: flag("gzip"),
  timeout: (value, fail) => ({ timeoutMs: readDuration(value, fail) }),
  headers: (value, fail) => ({ headers: parseHeaders(value, fail) }),
  proxy: (value, fail) => ({
    proxy:
      typeof value === "string" && value.startsWith("http://") && URL.canParse(value)
        ? new URL(value)
        : fail("must be an http:// URL"),
  }),
  retryStatuses: (value, fail) => ({
    retryStatuses:
      Array.isArray(value) && value.every(isStatus) ? value : fail("must be a list of HTTP statuses"),
  }),
};

export const SETTING_NAMES: readonly string[] = Object.keys(READERS);

/** What is wrong goes to `fail`, with the option's name. */
export function parseSettings(options: Readonly<Record<string, unknown>>, fail: Fail): PushSettings {
  const settings: PushSettings = { ...DEFAULT_SETTINGS };
  for (const [name, value] of Object.entries(options)) {
    const known = Object.hasOwn(READERS, name) ? READERS[name] : undefined;
    const reader = known ?? fail(`unknown option ${JSON.stringify(name)}`, name);
    const read = reader(value, (what, ...keys) => fail(`${name} ${what}`, name, ...keys));
    Object.assign(settings, read);
  }
  if ((settings.user === undefined) !== (settings.passwordFile === undefined))
    fail("user and passwordFile go together");
  if ((settings.cert === undefined) !== (settings.key === undefined)) fail("cert and key go together");
  if (settings.user !== undefined && settings.bearerTokenFile !== undefined)
    fail("either user or bearerTokenFile");
  return settings;
}

function parseHeaders(value: unknown, fail: Fail): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail("must be a mapping");
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => {
      if (typeof content !== "string" || /[^\t -~]/.test(content))
        fail(`${name} must be one line of text`, name);
      return /^[A-Za-z0-9-]+$/.test(name)
        ? [name.toLowerCase(), content]
        : fail(`${name} is not a header`, name);
    }),
  );
}

function isStatus(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 400 && Number(value) < 600;
}

/** The header that says who pushes, if any. Throws the system's error when a secret's file cannot be read. */
export function readAuthorization(
  { username, password }: URL,
  { user, passwordFile, bearerTokenFile }: PushSettings,
): Record<string, string> {
  if (bearerTokenFile !== undefined) return { authorization: `Bearer ${readSecret(bearerTokenFile)}` };
  if (user !== undefined) return { authorization: basic(user, readSecret(passwordFile ?? "")) };
  if (username === "") return {};
  return { authorization: basic(decodeURIComponent(username), decodeURIComponent(password)) };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}

function readSecret(path: string): string {
  return readFileSync(path, "utf8").trimEnd();
}

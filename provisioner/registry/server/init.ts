import { randomBytes } from "node:crypto";
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf, PlimsollError } from "../../../core/runtime/errors.ts";
import { type Exec, exec } from "../../../core/runtime/exec.ts";
import { readKnownPolicy } from "../../images/policy.ts";
import { renderKeepalived } from "./balancer.ts";
import type { ServerSpec } from "./declaration.ts";
import { readInputs } from "./inputs.ts";
import { renderConfig, TOKEN_CERTIFICATE } from "./render-config.ts";
import { makeTokenKey } from "./token-key.ts";

const HTTP_SECRET = "http-secret";
export const TOKEN_KEY = "token.key";
export const CONFIG = "config.yml";
export const READ_ONLY_CONFIG = "config-readonly.yml";

export interface PlannedFile {
  readonly name: string;
  readonly text: string;
  /** The registry reads it: it is its user's. The others are of whoever runs `init`. */
  readonly isRegistrys: boolean;
  readonly change: "create" | "replace" | "keep";
}

/** What `init` would write. Secrets that are there are kept: replicas share them, tokens were signed with them. */
export async function planInit(spec: ServerSpec, nowMs: number): Promise<readonly PlannedFile[]> {
  const inputs = readInputs(spec, nowMs);
  if (spec.policyFile !== undefined) await readKnownPolicy(spec.policyFile);
  const httpSecret = readOwn(spec, HTTP_SECRET) ?? `${randomBytes(32).toString("hex")}\n`;
  const secrets = { ...inputs, httpSecret: httpSecret.trim() };
  const { balancer } = spec;
  const directors = (balancer?.directors ?? []).map((director) => ({
    name: `keepalived-${director.name}.conf`,
    text: balancer === undefined ? "" : renderKeepalived(balancer, director, spec.replicas),
  }));
  const files = [
    { name: HTTP_SECRET, text: httpSecret },
    ...(spec.auth?.kind === "tokens" ? await tokenFiles(spec) : []),
    { name: CONFIG, text: renderConfig(spec, secrets, false), isRegistrys: true },
    { name: READ_ONLY_CONFIG, text: renderConfig(spec, secrets, true), isRegistrys: true },
    ...directors,
  ];
  return files.map((file) => {
    const there = readOwn(spec, file.name);
    const change = there === undefined ? "create" : there === file.text ? "keep" : "replace";
    return { isRegistrys: false, ...file, change };
  });
}

async function tokenFiles(spec: ServerSpec): Promise<readonly Omit<PlannedFile, "change">[]> {
  const [key, certificate] = [readOwn(spec, TOKEN_KEY), readOwn(spec, TOKEN_CERTIFICATE)];
  if ((key === undefined) !== (certificate === undefined))
    throw new PlimsollError(
      "REGISTRY",
      `${spec.folder}: one of ${TOKEN_KEY} and ${TOKEN_CERTIFICATE} is missing`,
      {
        hint: "bring it from another replica, or remove the other one: all tokens are signed anew then",
      },
    );
  const made =
    key === undefined || certificate === undefined ? await makeTokenKey(spec.name) : { key, certificate };
  return [
    { name: TOKEN_KEY, text: made.key, isRegistrys: false },
    { name: TOKEN_CERTIFICATE, text: made.certificate, isRegistrys: true },
  ];
}

/** Each file appears whole. Nobody but its owner reads it: all of them have secrets or lead to some. */
export async function writeFiles(
  { folder, user }: ServerSpec,
  files: readonly PlannedFile[],
  run: Exec = exec,
): Promise<void> {
  const changed = files.filter(({ change }) => change !== "keep");
  const owner = user === undefined ? undefined : await readOwner(user, run);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (const { name, text, isRegistrys } of changed) {
    const next = join(folder, `.${name}.next`);
    rmSync(next, { force: true });
    writeFileSync(next, text, { mode: 0o600 });
    if (owner !== undefined && isRegistrys) chownSync(next, owner.uid, owner.gid);
    renameSync(next, join(folder, name));
  }
}

export async function readOwner(
  user: string,
  run: Exec,
): Promise<{ readonly uid: number; readonly gid: number }> {
  const [uid, gid] = await Promise.all([run(["id", "-u", user]), run(["id", "-g", user])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}

function readOwn({ folder }: ServerSpec, name: string): string | undefined {
  const path = join(folder, name);
  if (!existsSync(path)) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new PlimsollError("REGISTRY", `${path}: cannot be read: ${errnoOf(cause)}`);
  }
}

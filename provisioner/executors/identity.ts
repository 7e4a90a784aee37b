import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../core/runtime/errors.ts";
import type { Observed } from "../resources/types.ts";
import { requireLease } from "./lease-of.ts";
import type { Executor } from "./types.ts";

/** What is bound, as a folder, at /etc/plimsoll inside: a file that is replaced by rename is seen there. */
export function identityFolder(data: string, id: string): string {
  return join(data, "identities", id);
}

export const writeIdentity: Executor<"writeIdentity"> = async ({ machine, network, identity }, host) => {
  const folder = identityFolder(host.config.data, machine.id);
  const { address } = await requireLease(host, network, machine);
  const { generation, type, labels } = identity;
  const { push, interval } = host.config;
  // Readable inside by any user; the folder above is root's alone.
  mkdirSync(host.config.data, { recursive: true, mode: 0o700 });
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  // JSON is YAML too, and costs the agent no YAML library. Without a collector there is no agent.
  if (push.length > 0) replaceFile(join(folder, "agent.yaml"), renderDocument({ push, interval }));
  const document = { ip: address, ...machine, type, labels, generation };
  replaceFile(join(folder, "identity.json"), renderDocument(document));
};

export const removeIdentity: Executor<"removeIdentity"> = async ({ machine }, host) => {
  rmSync(identityFolder(host.config.data, machine.id), { recursive: true, force: true });
};

/** Undefined for one that is not there, and for one that nobody of ours wrote. */
export function readIdentity(data: string, id: string): Observed["identity"] {
  try {
    const text = readFileSync(join(identityFolder(data, id), "identity.json"), "utf8");
    const { ip, generation, type, labels } = JSON.parse(text);
    return { address: ip, generation, type, labels };
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whoever has it open, or bound, keeps the one that was. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}

function renderDocument(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

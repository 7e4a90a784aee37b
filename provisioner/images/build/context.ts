import { readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../../core/runtime/errors.ts";
import { packageDirectory } from "../../../core/runtime/version.ts";
import type { WrittenEntry } from "../write-tar.ts";
import type { ImageDeclaration, ImageUser } from "./declaration.ts";
import { CONTEXT } from "./render-dockerfile.ts";
import { readTree } from "./tree.ts";

/** In all folders together. */
const MAX_ENTRIES = 100_000;
const SSHD_CONFIG = "provisioner/machine/etc/ssh/sshd_config.d/plimsoll.conf";

/** What the engine gets to build with, the Dockerfile first. Throws UsageError for what cannot be copied. */
export function readContext(image: ImageDeclaration, dockerfile: string): readonly WrittenEntry[] {
  const own = (path: string): Buffer => readFileSync(join(packageDirectory(), path));
  const entries = [
    bytes("Dockerfile", Buffer.from(dockerfile), 0o644),
    ...(image.init ? [bytes(CONTEXT.init, own("bin/plimsoll-init"), 0o755)] : []),
    ...(image.ssh ? [bytes(CONTEXT.sshd, own(SSHD_CONFIG), 0o644)] : []),
    ...image.users.flatMap(homeOf),
    ...image.files.flatMap((file, at) => [...readTree(image.folder, file, CONTEXT.file(at))]),
  ];
  if (entries.length > MAX_ENTRIES) throw new UsageError(`files: more than ${MAX_ENTRIES} of them`);
  return entries;
}

function bytes(path: string, content: Buffer, mode: number): WrittenEntry {
  return { path, kind: "file", mode, sizeBytes: content.length, content };
}

function folder(path: string, mode: number): WrittenEntry {
  return { path, kind: "folder", mode };
}

/** sshd looks at no key in a folder that others can write to. */
function homeOf({ home, sshKeys }: ImageUser, at: number): readonly WrittenEntry[] {
  const path = `${CONTEXT.homes(at)}/${home.slice(home.lastIndexOf("/") + 1)}`;
  const keys = Buffer.from(sshKeys.map((key) => `${key}\n`).join(""));
  return [
    folder(CONTEXT.homes(at), 0o755),
    folder(path, 0o750),
    ...(sshKeys.length === 0
      ? []
      : [folder(`${path}/.ssh`, 0o700), bytes(`${path}/.ssh/authorized_keys`, keys, 0o600)]),
  ];
}

import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import type { Clock } from "../../../core/runtime/clock.ts";
import { NotFoundError, PlimsollError } from "../../../core/runtime/errors.ts";
import { readLockOwner, tryFileLock } from "../../host/file-lock.ts";
import { readInput } from "../server/inputs.ts";
import { type PasswordHash, parseUsers, renderUser, type Users } from "./users.ts";

/** Who changes the file is done in milliseconds. */
const AGAIN_MS = 50;
const ATTEMPTS = 200;

/** The users as the file has them now: it is read again when it has changed. */
export function openUsers(file: string): () => Users {
  let [readMs, users]: [number, Users] = [0, new Map()];
  return () => {
    const { mtimeMs } = statSync(file);
    if (mtimeMs !== readMs) [readMs, users] = [mtimeMs, parseUsers(file, readInput(file))];
    return users;
  };
}

/** Adds a user, or replaces a password; undefined removes the user. Other lines stay as they are, and what others add meanwhile. */
export async function writeUser(
  file: string,
  name: string,
  password: PasswordHash | undefined,
  clock: Clock,
): Promise<void> {
  const release = await takeLock(file, clock);
  try {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const users = parseUsers(file, text);
    if (password === undefined && !users.has(name))
      throw new NotFoundError(`${file}: user ${name}: there is no such user`);
    const others = text.split("\n").filter((line) => line !== "" && !line.startsWith(`${name}:`));
    const lines = password === undefined ? others : [...others, renderUser(name, password)];
    const next = `${file}.next`;
    writeFileSync(next, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
    renameSync(next, file);
  } finally {
    release();
  }
}

async function takeLock(file: string, clock: Clock): Promise<() => void> {
  const lock = `${file}.lock`;
  for (let attempts = 0; ; attempts++) {
    const release = await tryFileLock(lock);
    if (release !== undefined) return release;
    if (attempts === ATTEMPTS)
      throw new PlimsollError("LOCKED", `${file}: is being changed by ${readLockOwner(lock)}`);
    await clock.sleep(AGAIN_MS);
  }
}

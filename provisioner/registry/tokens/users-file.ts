import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { readInput } from "../server/inputs.ts";
import { type PasswordHash, parseUsers, renderUser, type Users } from "./users.ts";

/** The users as the file has them now: it is read again when it has changed. */
export function openUsers(file: string): () => Users {
  let [readMs, users]: [number, Users] = [0, new Map()];
  return () => {
    const { mtimeMs } = statSync(file);
    if (mtimeMs !== readMs) [readMs, users] = [mtimeMs, parseUsers(file, readInput(file))];
    return users;
  };
}

/** Adds a user, or replaces a password; undefined removes the user. Other lines stay as they are. */
export function writeUser(file: string, name: string, password: PasswordHash | undefined): void {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  parseUsers(file, text);
  const others = text.split("\n").filter((line) => line !== "" && !line.startsWith(`${name}:`));
  const lines = password === undefined ? others : [...others, renderUser(name, password)];
  const next = `${file}.next`;
  writeFileSync(next, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
  renameSync(next, file);
}

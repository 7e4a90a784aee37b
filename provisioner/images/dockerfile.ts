/*
 * A Dockerfile ("Dockerfile reference" of Docker):
 *
 *   # escape=\
 *   FROM debian:12 AS base
 *   RUN apt-get install -y \
 *       curl
 *   RUN <<END
 *   apk add curl
 *   END
 */
import { PlimsollError } from "../../core/runtime/errors.ts";

export interface Instruction {
  /** In capitals. */
  readonly name: string;
  /** What follows it; of a here-document also its lines. */
  readonly text: string;
  /** Where it begins, from 1. */
  readonly line: number;
}

const NAMES = [
  ...["ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"],
  ...["MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"],
];

export function parseDockerfile(what: string, text: string): readonly Instruction[] {
  const lines = text.split(/\r?\n/);
  const mark = /^#\s*escape\s*=\s*([\\`])\s*$/im.exec(leadingComments(lines))?.[1] ?? "\\";
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = at + 1;
    const { text: joined, next } = joinLines(lines, at, mark);
    at = next;
    if (joined === "") continue;
    const [, word = "", rest = ""] = /^(\S+)\s*(.*)$/s.exec(joined) ?? [];
    const name = word.toUpperCase();
    if (!NAMES.includes(name))
      throw new PlimsollError("IMAGE", `${what}:${line}: ${JSON.stringify(word)} is no instruction`);
    const { text: documents, next: after } = readDocuments(what, name, rest, lines, at);
    at = after;
    instructions.push({ name, text: rest + documents, line });
  }
  return instructions;
}

function leadingComments(lines: readonly string[]): string {
  const end = lines.findIndex((line) => !line.startsWith("#"));
  return lines.slice(0, end === -1 ? lines.length : end).join("\n");
}

/** Comments and empty lines inside of what is continued are as if they were not there. */
function joinLines(
  lines: readonly string[],
  from: number,
  mark: string,
): { readonly text: string; readonly next: number } {
  let text = "";
  for (let at = from; at < lines.length; at++) {
    const line = (lines[at] ?? "").trim();
    const isSkipped = line === "" || line.startsWith("#");
    if (isSkipped && text === "") return { text, next: at + 1 };
    if (isSkipped) continue;
    if (!line.endsWith(mark)) return { text: text + line, next: at + 1 };
    text += `${line.slice(0, -1)} `;
  }
  return { text: text.trim(), next: lines.length };
}

function readDocuments(
  what: string,
  name: string,
  text: string,
  lines: readonly string[],
  from: number,
): { readonly text: string; readonly next: number } {
  if (!["RUN", "COPY", "ADD"].includes(name)) return { text: "", next: from };
  let [documents, at] = ["", from];
  for (const [, , end = ""] of text.matchAll(/(?<!<)<<-?(["']?)([A-Za-z_]\w*)\1/g)) {
    const length = lines.slice(at).findIndex((line) => line.replace(/^\t+/, "") === end);
    if (length === -1) throw new PlimsollError("IMAGE", `${what}:${from}: ${end} does not end`);
    documents += `\n${lines.slice(at, at + length).join("\n")}`;
    at += length + 1;
  }
  return { text: documents, next: at };
}

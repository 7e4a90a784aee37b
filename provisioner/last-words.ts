import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/**
 * Follows a program's standard error and remembers what to tell a person when it has ended: its
 * last `error: ` line, else the message of its last log line, else its last line.
 */
export function followLastWords(stream: Readable, onLine: (line: string) => void = () => {}): () => string {
  let last = "";
  let error = "";
  createInterface({ input: stream }).on("line", (line) => {
    onLine(line);
    if (line.startsWith("error: ")) error = line.slice("error: ".length);
    else last = messageOf(line) || last;
  });
  return () => error || last;
}

function messageOf(line: string): string {
  if (!line.startsWith("{")) return line.trim();
  try {
    return String(JSON.parse(line).msg ?? "");
  } catch {
    return line;
  }
}

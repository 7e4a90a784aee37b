import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/**
 * Follows a program's standard error and remembers what to tell a person when it has ended: its
 * last `error: ` line, else its last line, of a log the last warning or error.
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

/** Of a log line only what went wrong is worth telling. */
function messageOf(line: string): string {
  if (!line.startsWith("{")) return line.trim();
  try {
    const { level, msg } = JSON.parse(line);
    return ["warn", "error", "fatal"].includes(level) ? String(msg ?? "") : "";
  } catch {
    return line;
  }
}

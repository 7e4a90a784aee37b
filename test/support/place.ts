import { exec } from "../../core/runtime/exec.ts";

/** Where a server listens: an address of a network namespace, or loopback. */
export interface Place {
  readonly address: string;
  /** What a command begins with that is run there. */
  readonly inside: readonly string[];
}

export const LOOPBACK: Place = { address: "127.0.0.1", inside: [] };

/** What a server there answers, whatever its status; nothing where it does not. */
export async function fetchThere({ inside }: Place, url: string): Promise<string> {
  const script = "fetch(process.argv[1]).then((r) => r.text()).then((text) => process.stdout.write(text))";
  const argv = [...inside, process.execPath, "-e", script, url];
  return (await exec(argv, { okCodes: [0, 1] })).stdout;
}

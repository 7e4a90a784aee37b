import type { Command } from "commander";
import { vi } from "vitest";
import { Exit } from "../../core/runtime/program.ts";

export interface Printed {
  readonly code: number;
  readonly text: string;
}

/** What a command prints on standard output, and the code it ends with; what it throws otherwise is thrown. */
export async function runCommand(command: Command | undefined, args: readonly string[]): Promise<Printed> {
  const written: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => written.push(String(text)) > 0);
  try {
    await command?.parseAsync([...args], { from: "user" });
    return { code: 0, text: written.join("") };
  } catch (error) {
    if (error instanceof Exit) return { code: error.exitCode, text: written.join("") };
    throw error;
  } finally {
    spy.mockRestore();
  }
}

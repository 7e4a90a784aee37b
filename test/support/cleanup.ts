import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { UndoStack } from "../../core/runtime/undo.ts";

/** What a test made, removed last in first out: `afterAll(() => cleanup.run())`. A removal that fails fails the test. */
export class Cleanup {
  readonly #causes: unknown[] = [];
  readonly #undos = new UndoStack({
    error: ({ err }) => this.#causes.push(err),
    warn: () => {},
    info: () => {},
    debug: () => {},
    trace: () => {},
  });

  add(name: string, undo: () => void | Promise<void>): void {
    this.#undos.add(name, undo);
  }

  /** A new folder, removed with everything in it. */
  temporaryFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "plimsoll-test-"));
    this.add(`folder ${folder}`, () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  async run(): Promise<void> {
    const failed = await this.#undos.run();
    if (failed.length > 0) throw new AggregateError(this.#causes, `not cleaned up: ${failed.join(", ")}`);
  }
}

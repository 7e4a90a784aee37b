import type { Logger } from "./log.ts";

/**
 * The inverse of what has been done so far, run last in first out. Register an undo on the line
 * after the change it reverts. One that fails is logged and does not stop the others.
 */
export class UndoStack {
  readonly #undos: { readonly name: string; readonly undo: () => void | Promise<void> }[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(name: string, undo: () => void | Promise<void>): void {
    this.#undos.push({ name, undo });
  }

  /** Runs and forgets every undo; a second call does nothing. Returns the names of those that failed. */
  async run(): Promise<readonly string[]> {
    const failed: string[] = [];
    for (let entry = this.#undos.pop(); entry !== undefined; entry = this.#undos.pop()) {
      try {
        await entry.undo();
      } catch (error) {
        failed.push(entry.name);
        this.#log.error({ undo: entry.name, err: error }, "undo failed");
      }
    }
    return failed;
  }
}

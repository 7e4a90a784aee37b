import { UsageError } from "../core/runtime/errors.ts";

/** An option's value as text, and what it was given by, for messages. */
export interface Given {
  readonly option: string;
  readonly value: string;
}

/** One of `choices`; undefined when nothing was given. Throws UsageError naming the option for anything else. */
export function oneOf<Choice extends string>(
  choices: readonly Choice[],
  what: string,
  given: Given | undefined,
): Choice | undefined {
  if (given === undefined) return undefined;
  const choice = choices.find((known) => known === given.value);
  if (choice !== undefined) return choice;
  throw new UsageError(`${given.option}: ${JSON.stringify(given.value)} is not ${what}`, {
    hint: `one of ${choices.join(", ")}`,
  });
}

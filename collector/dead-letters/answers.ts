import { NotFoundError, PlimsollError, UsageError } from "../../core/runtime/errors.ts";
import { DEFAULT_DATA, deadLettersIn, NO_DATA } from "../data.ts";
import { readServeOptions, type ServeOptions } from "../serve-options.ts";
import { SINK_KINDS } from "../sinks/index.ts";
import type { LetterFlags } from "./dead-letters-command.ts";
import { type KeptLetter, readLetters, takeLetters } from "./letter-files.ts";
import { type Problems, type Resubmitted, resubmitLetters } from "./resubmit.ts";

/** By sink and reason. */
export async function listLetters(flags: LetterFlags): Promise<string> {
  const { letters } = await find(flags);
  return rendered(groupLetters(letters), flags, renderGroup);
}

/** Sample by sample. */
export async function showLetters(flags: LetterFlags): Promise<string> {
  const limit = parseLimit(flags.limit ?? "20");
  const { letters } = await find(flags);
  return rendered(letters.slice(-limit).map(viewLetter), flags, renderView);
}

/** Throws, after what could be done is done, where a sink did not answer. */
export async function resubmit(flags: LetterFlags): Promise<string> {
  const { path, options } = await find(flags);
  const counts: Resubmitted = { delivered: 0, refused: 0, kept: 0 };
  const problems: Problems = new Map();
  await takeLetters(path, async (letters) => {
    const meant = letters.filter((letter) => isMeant(letter, flags));
    const others = letters.filter((letter) => !isMeant(letter, flags));
    return [...others, ...(await resubmitLetters(meant, options.forwards, counts, problems))];
  });
  const { delivered, refused, kept } = counts;
  const told = `${delivered} samples delivered, ${refused} refused again, ${kept} kept as they are`;
  const [problem] = [...problems].map(([sink, reason]) => `${sink}: ${reason}`);
  if (problem !== undefined) throw new PlimsollError("DEAD_LETTERS", `${told}: ${problem}`);
  return flags.json ? `${JSON.stringify(counts)}\n` : `${told}\n`;
}

interface Found {
  readonly path: string;
  readonly options: ServeOptions;
  readonly letters: readonly KeptLetter[];
}

/** Throws NotFoundError where there is none. */
async function find({ config, data, forward, ...flags }: LetterFlags): Promise<Found> {
  const options = await readServeOptions({
    ...(config === undefined ? {} : { config }),
    ...(data === undefined ? {} : { data }),
    ...(forward === undefined ? {} : { forward }),
  });
  const directory = options.data ?? DEFAULT_DATA;
  if (directory === NO_DATA) throw new UsageError("--data: none keeps no dead letters");
  const path = deadLettersIn(directory);
  const letters = (await readLetters(path)).filter((letter) => isMeant(letter, flags));
  if (letters.length === 0) throw new NotFoundError(`dead letters ${path}: there are none`);
  return { path, options, letters };
}

function isMeant({ sink, reason }: KeptLetter, flags: Pick<LetterFlags, "sink" | "reason">): boolean {
  return sink.includes(flags.sink ?? "") && reason.includes(flags.reason ?? "");
}

interface Group {
  readonly sink: string;
  readonly reason: string;
  letters: number;
  samples: number;
  readonly first: string;
  last: string;
}

/** In the order of the first of each. */
function groupLetters(letters: readonly KeptLetter[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const { sink, reason, samples, time } of letters) {
    const key = JSON.stringify([sink, reason]);
    const group = groups.get(key) ?? { sink, reason, letters: 0, samples: 0, first: time, last: time };
    groups.set(key, group);
    group.letters++;
    group.samples += samples;
    group.last = time;
  }
  return [...groups.values()];
}

function renderGroup({ sink, reason, letters, samples, first, last }: Group): string {
  return `${samples} samples in ${letters} letters, ${first} to ${last}\n  ${sink}\n  ${reason}\n`;
}

interface LetterView extends Omit<KeptLetter, "body"> {
  /** As the sink would have got them; null where the receiver did not say which it left out. */
  readonly content: readonly string[] | null;
}

function viewLetter({ body, ...about }: KeptLetter): LetterView {
  const kind = SINK_KINDS.find(({ scheme }) => about.sink.startsWith(`${scheme}+`));
  if (kind === undefined || body.length === 0) return { ...about, content: null };
  return { ...about, content: kind.render(body).trimEnd().split("\n") };
}

function renderView({ time, sink, reason, samples, content }: LetterView): string {
  const lines = content ?? ["(the receiver did not say which)"];
  return `${time} ${samples} samples ${sink}\n  ${reason}\n${lines.map((line) => `    ${line}\n`).join("")}`;
}

function rendered<T>(items: readonly T[], { json }: LetterFlags, render: (item: T) => string): string {
  return items.map(json ? (item) => `${JSON.stringify(item)}\n` : render).join("");
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new UsageError(`--limit: ${JSON.stringify(text)} is not a number of letters`);
}

import type { Clock } from "../../../core/runtime/clock.ts";
import { errorLine } from "../../../core/runtime/errors.ts";
import { inSlot, Slots } from "../../reconcile/slots.ts";
import type { Registry } from "../client.ts";
import { fallbackTag, subjectOf } from "../names.ts";
import { RegistryError } from "../registry-error.ts";
import { type Comparison, type OwnTags, planTags, type Tags } from "./compare.ts";
import { ImageCopier } from "./copy.ts";
import { NO_COUNTS, type SyncCounts, type SyncJournal } from "./journal.ts";
import { rateOf } from "./rate.ts";
import { listImages, ReferrerCopier, readSaid } from "./referrers.ts";
import { removeTags } from "./remove-tags.ts";
import type { SyncRule } from "./rules.ts";
import { Throttle } from "./throttle.ts";

/** What was found, or done, of one tag. */
export interface TagOutcome extends Comparison {
  readonly repository: string;
  /** Why the rule's policy does not let it through. */
  readonly refused?: readonly string[];
  /** What went wrong with it. */
  readonly failure?: string;
}

export interface SyncReport {
  readonly rule: string;
  readonly counts: SyncCounts;
  /** All but those that are the same. */
  readonly outcomes: readonly TagOutcome[];
}

/** Why an image of the source must not get a tag at the destination; nothing where it may. */
export type Judge = (repository: string, digest: string) => Promise<readonly string[]>;

export interface SyncContext {
  readonly source: Registry;
  readonly destination: Registry;
  readonly journal: SyncJournal;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly isDryRun: boolean;
  /** All may unless told. */
  readonly judge?: Judge | undefined;
  /** These repositories of the source alone; nothing is said then of the rule as a whole. */
  readonly only?: ReadonlySet<string> | undefined;
}

/** A list that is suddenly empty is a registry that was lost, not one whose tags were deleted one by one. */
const MOST_DELETES = 10;
const STATUS_EVERY_MS = 2000;
const REPOSITORIES_AT_ONCE = 8;

/** Makes the destination of a rule what its source is. Whatever a killed run has done is kept. */
export async function synchronize(rule: SyncRule, context: SyncContext): Promise<SyncReport> {
  const run = new SyncRun(rule, context);
  return run.run();
}

class SyncRun {
  readonly #rule: SyncRule;
  readonly #context: SyncContext;
  readonly #slots: Slots;
  readonly #throttle: Throttle;
  readonly #copier: ImageCopier;
  readonly #referrers: ReferrerCopier;
  readonly #startedMs: number;
  readonly #outcomes: TagOutcome[] = [];
  #counts = NO_COUNTS;
  #statusMs: number;

  constructor(rule: SyncRule, context: SyncContext) {
    this.#rule = rule;
    this.#context = context;
    this.#slots = new Slots(rule.parallel);
    this.#throttle = new Throttle(rateOf(rule.bytesPerSecond, rule.rateHours), context.clock);
    this.#copier = new ImageCopier(context.source, context.destination, this.#throttle);
    this.#referrers = new ReferrerCopier(context.source, context.destination, this.#copier);
    this.#startedMs = context.clock.nowMs();
    this.#statusMs = context.clock.monotonicMs();
  }

  async run(): Promise<SyncReport> {
    const { source, journal } = this.#context;
    const before = await journal.readStatus();
    const currentMs = before?.currentMs ?? 0;
    await this.#tell(currentMs, undefined);
    const own = await journal.readTags();
    const listed = this.#context.only ?? [...(await source.repositories()), ...own.keys()];
    const repositories = [...new Set(listed)].filter(this.#rule.repositories).sort();
    const slots = new Slots(REPOSITORIES_AT_ONCE);
    await Promise.all(
      repositories.map((repository) =>
        inSlot(slots, () => this.#repository(repository, own.get(repository) ?? new Map(), currentMs)),
      ),
    );
    this.#count({ bytes: this.#throttle.passedBytes });
    const { behind, failed, diverged } = this.#counts;
    const isCurrent = behind + failed + diverged === 0 && !this.#context.signal.aborted;
    await this.#tell(isCurrent ? this.#startedMs : currentMs, this.#context.clock.nowMs());
    const order = (a: TagOutcome, b: TagOutcome): number =>
      a.repository < b.repository || (a.repository === b.repository && a.tag < b.tag) ? -1 : 1;
    return { rule: this.#rule.name, counts: this.#counts, outcomes: this.#outcomes.sort(order) };
  }

  /** A repository that fails costs itself. */
  async #repository(repository: string, own: OwnTags, currentMs: number): Promise<void> {
    if (this.#context.signal.aborted) return;
    try {
      const { target, plan: compared } = await this.#compare(repository, own);
      const plan = await this.#sift(repository, compared);
      for (const each of plan) this.#note(repository, each);
      if (this.#context.isDryRun) return await this.#followAll(repository, target, plan);
      await this.#intend(repository, plan, own);
      const copies = plan.filter(({ action }) => action === "copy");
      const copied = await Promise.all(
        copies.map((each) => inSlot(this.#slots, () => this.#copy(repository, target, each))),
      );
      // What is to stay is there by then, and known to be needed.
      const deleted = await this.#delete(
        repository,
        target,
        plan.filter(({ action }) => action === "delete"),
      );
      const done = new Set([...copies.filter((_, at) => copied[at]), ...deleted]);
      await this.#settle(repository, [...done]);
      const settled = plan.filter((each) => each.action === "same" || done.has(each));
      await this.#followAll(repository, target, settled);
      await this.#tellSometimes(currentMs);
    } catch (error) {
      const nothing = { tag: "", action: "copy", source: undefined, destination: undefined } as const;
      this.#fail(repository, nothing, error);
    }
  }

  async #compare(
    repository: string,
    own: OwnTags,
  ): Promise<{ readonly target: string; readonly plan: readonly Comparison[] }> {
    const { source, destination } = this.#context;
    const target = this.#rule.prefix === undefined ? repository : `${this.#rule.prefix}/${repository}`;
    const [sourceNames, destinationNames] = await Promise.all([
      source.tags(repository),
      destination.tags(target),
    ]);
    const meant = await this.#digests(source, repository, sourceNames.filter(this.#rule.tags));
    const said = await readSaid(
      sourceNames.filter((name) => !meant.has(name)),
      new Set(meant.values()),
      (names) => this.#digests(source, repository, names),
      (digest) => this.#imagesOf(repository, digest),
    );
    const wanted = new Map([...meant, ...said]);
    const known = destinationNames.filter((name) => wanted.has(name) || own.has(name));
    const plan = planTags(this.#rule, wanted, await this.#digests(destination, target, known), own);
    const deletes = plan.filter(({ action }) => action === "delete").length;
    if (deletes > MOST_DELETES && deletes > own.size / 2) {
      throw new RegistryError(`${deletes} of ${own.size} tags are gone at the source: nothing is deleted`, {
        hint: "is it the right registry? delete them at the destination yourself, if it is",
      });
    }
    return { target, plan };
  }

  /** What may be done: what the policy refuses is told and left alone, as it is at the destination. */
  async #sift(repository: string, plan: readonly Comparison[]): Promise<readonly Comparison[]> {
    const { judge } = this.#context;
    if (judge === undefined) return plan;
    const stopped = new Set<string>();
    const isAllowed = async (each: Comparison): Promise<boolean> => {
      const { action, source } = each;
      if (action !== "copy" || source === undefined) return true;
      try {
        const refused = await inSlot(this.#slots, () => judge(repository, source));
        if (refused.length === 0) return true;
        this.#outcomes.push({ ...each, repository, refused });
        this.#count({ refused: 1 });
      } catch (error) {
        this.#fail(repository, each, error); // what cannot be looked into does not pass
      }
      stopped.add(source);
      return false;
    };
    const allowed = await Promise.all(plan.map(isAllowed));
    const passed = plan.filter((_, at) => allowed[at]);
    return stopped.size === 0 ? passed : this.#withoutSaid(repository, stopped, passed);
  }

  /** What is said of what was stopped, of the images of an index as well, stays behind unless it is of what passes too. */
  async #withoutSaid(
    repository: string,
    stopped: ReadonlySet<string>,
    passed: readonly Comparison[],
  ): Promise<readonly Comparison[]> {
    const sources = new Map(passed.flatMap(({ tag, source }) => (source ? [[tag, source] as const] : [])));
    const saidOf = (images: Iterable<string>): Promise<Tags> =>
      readSaid(
        [...sources.keys()],
        new Set(images),
        async (names) => new Map(names.map((name) => [name, sources.get(name) ?? ""])),
        (digest) => this.#imagesOf(repository, digest),
      );
    const images = [...sources].filter(([tag]) => subjectOf(tag) === undefined).map(([, digest]) => digest);
    const [left, coming] = [await saidOf(stopped), await saidOf(images)];
    return passed.filter(({ tag }) => !left.has(tag) || coming.has(tag));
  }

  #imagesOf(repository: string, digest: string): Promise<readonly string[]> {
    return inSlot(this.#slots, () => listImages(this.#context.source, repository, digest));
  }

  /** A tag that goes between the list and the question is as if it had not been listed. */
  async #digests(registry: Registry, repository: string, names: readonly string[]): Promise<Tags> {
    const found = await Promise.all(
      names.map((name) =>
        inSlot(this.#slots, async () => [name, await registry.digestOf(repository, name)] as const),
      ),
    );
    return new Map(
      found.flatMap(([name, digest]) => (digest === undefined ? [] : [[name, digest] as const])),
    );
  }

  /** Written before the first tag is: whose doing it is, if this process is killed on the way. */
  async #intend(repository: string, plan: readonly Comparison[], own: OwnTags): Promise<void> {
    const isNoted = ({ tag, source }: Comparison): boolean =>
      own.get(tag)?.length === 1 && own.get(tag)?.[0] === source;
    await this.#settle(
      repository,
      plan.filter((each) => each.action === "same" && !isNoted(each)),
    );
    const coming = plan.flatMap(({ tag, action, source }) =>
      action === "copy" && source !== undefined ? [[tag, source] as const] : [],
    );
    if (coming.length > 0) await this.#context.journal.intend(repository, new Map(coming));
  }

  async #settle(repository: string, done: readonly Comparison[]): Promise<void> {
    const changes = done.map(({ tag, source }) => [tag, source === undefined ? [] : [source]] as const);
    if (changes.length > 0) await this.#context.journal.writeTags(repository, new Map(changes));
  }

  /** Whether it is done. */
  async #copy(repository: string, target: string, each: Comparison): Promise<boolean> {
    if (this.#context.signal.aborted) return false;
    try {
      await this.#copier.copy(repository, target, each.tag, each.source ?? "");
      this.#count({ behind: -1, copied: 1 });
      return true;
    } catch (error) {
      this.#count({ behind: -1 });
      this.#fail(repository, each, error);
      return false;
    }
  }

  /** Those that are done. */
  async #delete(
    repository: string,
    target: string,
    plan: readonly Comparison[],
  ): Promise<readonly Comparison[]> {
    const { destination, clock, signal } = this.#context;
    if (plan.length === 0 || signal.aborted) return [];
    const wanted = new Map(plan.map((each) => [each.tag, each.destination ?? ""]));
    const failures = await removeTags(destination, target, wanted, clock.nowMs()).catch(
      (error: unknown) => new Map(plan.map(({ tag }) => [tag, error])),
    );
    this.#count({ behind: -plan.length });
    return plan.filter((each) => {
      const why = failures.get(each.tag);
      if (why === undefined) this.#count({ deleted: 1 });
      else this.#fail(repository, each, typeof why === "string" ? new RegistryError(why) : why);
      return why === undefined;
    });
  }

  /** What the source lists as said of images that the destination has, or is to have, goes along. */
  async #followAll(repository: string, target: string, plan: readonly Comparison[]): Promise<void> {
    const ours = plan.filter(({ action }) => action === "same" || action === "copy");
    const digests = new Set(ours.flatMap(({ source }) => source ?? []));
    await Promise.all(
      [...digests].map((digest) => inSlot(this.#slots, () => this.#follow(repository, target, digest))),
    );
  }

  /** One after the other: two that are put at once into one index would lose one of them. */
  async #follow(repository: string, target: string, digest: string): Promise<void> {
    const about = {
      tag: fallbackTag(digest),
      action: "copy",
      source: digest,
      destination: undefined,
    } as const;
    try {
      for (const each of await this.#referrers.missing(repository, target, digest)) {
        if (this.#context.signal.aborted) return;
        const found = {
          tag: fallbackTag(each.subject),
          action: "copy",
          source: each.digest,
          destination: undefined,
        } as const;
        // Most are no images, and are not judged; but an image can be said of another.
        const refused = (await this.#context.judge?.(repository, each.digest)) ?? [];
        if (refused.length > 0) {
          this.#outcomes.push({ ...found, repository, refused });
          this.#count({ refused: 1 });
          continue;
        }
        if (!this.#context.isDryRun) await this.#referrers.bring(repository, target, each);
        this.#outcomes.push({ ...found, repository });
        this.#count(this.#context.isDryRun ? { behind: 1 } : { copied: 1 });
      }
    } catch (error) {
      this.#fail(repository, about, error);
    }
  }

  #note(repository: string, each: Comparison): void {
    if (each.action !== "same") this.#outcomes.push({ ...each, repository });
    if (each.action === "copy" || each.action === "delete") this.#count({ behind: 1 });
    else this.#count({ [each.action]: 1 });
  }

  #fail(repository: string, each: Comparison, error: unknown): void {
    if (!(error instanceof Error && "code" in error)) throw error;
    const at = this.#outcomes.findIndex((known) => known.repository === repository && known.tag === each.tag);
    const outcome = { ...each, repository, failure: errorLine(error) };
    if (at === -1) this.#outcomes.push(outcome);
    else this.#outcomes[at] = outcome;
    this.#count({ failed: 1 });
  }

  #count(changes: Partial<SyncCounts>): void {
    const next: Record<string, number> = { ...this.#counts };
    for (const [name, change] of Object.entries(changes)) next[name] = (next[name] ?? 0) + change;
    this.#counts = { ...this.#counts, ...next };
  }

  async #tellSometimes(currentMs: number): Promise<void> {
    if (this.#context.clock.monotonicMs() - this.#statusMs < STATUS_EVERY_MS) return;
    this.#statusMs = this.#context.clock.monotonicMs();
    await this.#tell(currentMs, undefined);
  }

  async #tell(currentMs: number, endedMs: number | undefined): Promise<void> {
    if (this.#context.isDryRun || this.#context.only !== undefined) return;
    const status = { rule: this.#rule.name, startedMs: this.#startedMs, endedMs, currentMs, ...this.#counts };
    await this.#context.journal.writeStatus(status);
  }
}

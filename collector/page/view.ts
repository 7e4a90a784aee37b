/** What is shown below the bar; `close` ends its timers and listeners. */
export interface View {
  readonly title: string;
  readonly page: "machines" | "capacity";
  open(place: HTMLElement): void;
  close(): void;
}

/** Throws with what the collector said, in one line. */
export async function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(path, { signal, headers: { accept: "application/json" } });
  if (!response.ok) throw new Error((await response.text()).trim() || `HTTP ${response.status}`);
  return (await response.json()) as T;
}

/**
 * Does `look` now and every `everyMs` while somebody can see it, one at a time; `tell` gets what went wrong, or
 * nothing. What is shown stays. Returns what ends it.
 */
export function keepLooking(
  everyMs: number,
  look: (signal: AbortSignal) => Promise<void>,
  tell: (problem: string) => void,
): () => void {
  const ended = new AbortController();
  let isLooking = false;
  const round = async (): Promise<void> => {
    if (isLooking || document.hidden) return;
    isLooking = true;
    try {
      await look(ended.signal);
      if (!ended.signal.aborted) tell("");
    } catch (error) {
      if (!ended.signal.aborted) tell(error instanceof Error ? error.message : String(error));
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void round(), everyMs);
  document.addEventListener("visibilitychange", () => void round(), { signal: ended.signal });
  void round();
  return () => {
    clearInterval(timer);
    ended.abort();
  };
}

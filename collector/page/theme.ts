const KEY = "plimsoll-theme";
const listeners = new Set<() => void>();

/** The reader's own choice where one was made, else the system's. */
export function openTheme(): void {
  const chosen = stored();
  if (chosen !== null) document.documentElement.dataset.theme = chosen;
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
}

export function toggleTheme(): void {
  const next = isDark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing: until the page is left.
  }
  tell();
}

/** Canvases are painted once: whoever has one paints it again. Returns what ends it. */
export function onTheme(repaint: () => void): () => void {
  listeners.add(repaint);
  return () => listeners.delete(repaint);
}

/** A colour of base.css as canvases take it. */
export function colour(name: string): string {
  const probe = document.createElement("i");
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function tell(): void {
  for (const repaint of listeners) repaint();
}

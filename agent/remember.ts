/** What is made of a name, made once: for names that are few and the same at each tick. */
export function rememberEach<Args extends readonly string[], T>(
  make: (...names: Args) => T,
): (...names: Args) => T {
  const known = new Map<string, { readonly made: T }>();
  return (...names) => {
    const key = names.join("\n");
    const kept = known.get(key);
    if (kept !== undefined) return kept.made;
    const made = make(...names);
    known.set(key, { made });
    return made;
  };
}

/** What is made of a text, made anew only when the text is another. */
export function rememberLast<T>(make: (text: string) => T): (text: string) => T {
  let known: { readonly text: string; readonly made: T } | undefined;
  return (text) => {
    if (known?.text !== text) known = { text, made: make(text) };
    return known.made;
  };
}

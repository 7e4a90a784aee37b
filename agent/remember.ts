/** What is made of a name, made once: for names that are few and the same at each tick. */
export function rememberEach<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const kept = known.get(name);
    if (kept !== undefined) return kept;
    const made = make(name);
    known.set(name, made);
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

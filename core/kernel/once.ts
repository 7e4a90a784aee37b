/** A value made at the first call and kept: for getters that read a file only when somebody asks. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** A pure function that keeps its last result: for a text that many ask about before there is another. */
export function ofLast<A, T>(make: (of: A) => T): (of: A) => T {
  let last: { readonly of: A; readonly value: T } | undefined;
  return (of) => {
    if (last?.of !== of) last = { of, value: make(of) };
    return last.value;
  };
}

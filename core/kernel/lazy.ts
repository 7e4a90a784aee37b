/** How each property of a T is made. */
export type Makers<T> = { readonly [Key in keyof T]-?: () => T[Key] };

/**
 * A class of objects whose properties are made when somebody first asks, and kept: for reading no more files than are
 * needed. Call it once for each shape. (An object literal with getters would do too, but V8 makes a hidden class each time
 * one is evaluated: ten times as slow, and garbage that only a collection of the whole heap finds.)
 */
export function lazyClass<T extends object>(): (makers: Makers<T>) => T {
  class Lazy {
    readonly makers: Makers<T>;
    readonly made: Partial<T> = {};

    constructor(makers: Makers<T>) {
      this.makers = makers;
    }
  }

  let isComplete = false;
  return (makers) => {
    if (!isComplete) for (const name in makers) define(Lazy.prototype, name);
    isComplete = true;
    return new Lazy(makers) as unknown as T;
  };
}

function define<T extends object>(
  prototype: { readonly makers: Makers<T>; readonly made: Partial<T> },
  name: keyof T,
): void {
  Object.defineProperty(prototype, name, {
    get(this: typeof prototype): T[keyof T] | undefined {
      if (!(name in this.made)) this.made[name] = this.makers[name]();
      return this.made[name];
    },
  });
}

type Child = Node | string;

interface Properties {
  readonly class?: string;
  readonly text?: string;
  readonly title?: string;
  readonly href?: string;
  readonly type?: string;
  readonly role?: string;
  readonly placeholder?: string;
  /** `aria-label`, `data-state` … */
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: () => void;
}

/** An element; texts are texts and never HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const { class: className, text, attributes = {}, onClick, ...plain } = properties;
  const made = document.createElement(tag);
  if (className !== undefined) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries({ ...plain, ...attributes })) made.setAttribute(name, value);
  if (onClick !== undefined) made.addEventListener("click", onClick);
  made.append(...children);
  return made;
}

/** Sets what differs: what is the same is not laid out anew. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function find<T extends HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (found === null) throw new Error(`no ${selector}`);
  return found;
}

/** A row of buttons of which one is pressed. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
  onChoose: (value: string) => void,
): HTMLElement {
  const buttons = options.map(([value, text]) =>
    element("button", {
      ...{ text, type: "button", onClick: () => onChoose(value) },
      attributes: { "aria-pressed": String(value === chosen), "data-value": value },
    }),
  );
  return element(
    "div",
    { class: "choice", role: "group", attributes: { "aria-label": label } },
    element("span", { class: "quiet", text: label }),
    ...buttons,
  );
}

/** A command's result, as its `--json` wants it. */
export function print(options: { readonly json?: true }, value: unknown, render: () => string): void {
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : render());
}

import type { Delivery } from "../core/metrics/delivery.ts";

/**
 * How many deliveries to one sink may be under way at once. It begins with one; deliveries that are
 * taken while others wait make it more, one that fails makes it half: a receiver that is ill is not
 * asked more and more.
 */
export class DeliverySlots {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #limit = 1;
  #taken = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get limit(): number {
    return Math.floor(this.#limit);
  }

  async run(deliver: () => Promise<Delivery>): Promise<Delivery> {
    await this.#take();
    let isTaken = false;
    try {
      const delivery = await deliver();
      isTaken = delivery.outcome !== "retry";
      return delivery;
    } finally {
      this.#adapt(isTaken);
      this.#taken--;
      this.#admit();
    }
  }

  #take(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#admit();
    });
  }

  #adapt(isTaken: boolean): void {
    if (!isTaken) this.#limit = Math.max(1, this.#limit / 2);
    else if (this.#waiting.length > 0) this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
  }

  #admit(): void {
    while (this.#taken < this.limit && this.#waiting.length > 0) {
      this.#taken++;
      this.#waiting.shift()?.();
    }
  }
}

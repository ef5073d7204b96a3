/**
 * Floor 6. The only clock of a page: what the kernel was asked, and when it is asked again.
 *
 * One timer serves all questions, and none runs while there is none. The pauses grow, so that little piles
 * up behind a kernel that is busy.
 *
 * @module
 */

/** Milliseconds between a question and each of its first repetitions, and between all others. */
const PAUSES = [5_000, 5_000, 10_000, 20_000];
const PAUSE = 30_000;
/** Milliseconds without a word, after which a kernel is silent: it has been asked again meanwhile. */
const SILENCE = 10_000;
/** Milliseconds that a timer may be late: hidden tabs hold timers back, and what was heard with them. */
const TOLERANCE = 1_000;

interface Question {
  asked: number;
  due: number;
  repeats: number;
}

/** What is told of a question that nobody answered. */
export interface Reminder {
  /** How often it was told before. */
  readonly repeats: number;
  /** Whether the kernel has said nothing at all since it was asked, though it had the time. */
  readonly isSilent: boolean;
}

/** Questions that wait for an answer, each known by what it is about. */
export class Patience<Key> {
  readonly #remind: (key: Key, reminder: Reminder) => void;
  readonly #questions = new Map<Key, Question>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #heard = 0;

  /** Call `remind` for each question that it is time to ask again; what it does then is its own business. */
  constructor(remind: (key: Key, reminder: Reminder) => void) {
    this.#remind = remind;
  }

  /** Whether an answer is awaited. */
  awaits(key: Key): boolean {
    return this.#questions.has(key);
  }

  /** Await an answer, from now on if it was not awaited. */
  ask(key: Key): void {
    if (this.awaits(key)) return;
    const now = performance.now();
    this.#questions.set(key, { asked: now, due: now + pause(0), repeats: 0 });
    this.#arm();
  }

  /** Take note of an answer. */
  settle(key: Key): void {
    if (this.#questions.delete(key)) this.#arm();
  }

  /** Take note that the kernel said something, whatever it was. */
  hear(): void {
    this.#heard = performance.now();
  }

  /** Await nothing any more. */
  clear(): void {
    this.#questions.clear();
    clearTimeout(this.#timer);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#questions.size === 0) return;
    const due = Math.min(...[...this.#questions.values()].map((question) => question.due));
    this.#timer = setTimeout(() => this.#ring(), due - performance.now());
  }

  #ring(): void {
    const now = performance.now();
    for (const [key, question] of [...this.#questions]) {
      if (question.due > now) continue;
      const { due, repeats } = question;
      if (now - due > TOLERANCE) question.asked = now; // nobody could be heard meanwhile
      const isSilent = now - Math.max(question.asked, this.#heard) >= SILENCE;
      question.repeats += 1;
      question.due = now + pause(question.repeats);
      this.#remind(key, { repeats, isSilent });
    }
    this.#arm();
  }
}

function pause(repeats: number): number {
  return PAUSES[repeats] ?? PAUSE;
}

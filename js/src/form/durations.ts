/**
 * Floor 9. Durations as people write them: `1h 30m`, `90s`, `1:30:00`.
 *
 * @module
 */

const UNITS: readonly (readonly [letter: string, seconds: number])[] = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
];
const SECONDS: Readonly<Record<string, number>> = { ...Object.fromEntries(UNITS), s: 1, "": 1 };

/** Return what a person reads of a duration in ISO 8601, as it is on the wire: seconds. */
export function spellDuration(iso: string): string {
  const [, sign = "", text] = iso.match(/^(-?)PT([\d.]+)S$/) ?? [];
  if (text === undefined) return iso;
  const [whole = "0", fraction] = text.split(".");
  let left = Number(whole);
  const parts: string[] = [];
  for (const [letter, seconds] of UNITS) {
    const found = Math.floor(left / seconds);
    if (found > 0) parts.push(`${found}${letter}`);
    left %= seconds;
  }
  if (left > 0 || fraction || parts.length === 0) parts.push(`${left}${fraction ? `.${fraction}` : ""}s`);
  return sign + parts.join(" ");
}

/** Return the duration that a person wrote, in ISO 8601; nothing if it is none. A bare number is seconds. */
export function readDuration(written: string): string | undefined {
  const text = written.trim().toLowerCase();
  const sign = text.startsWith("-") ? "-" : "";
  const bare = text
    .slice(sign.length)
    .replace(/^p(?=[\dt])/, "")
    .replace("t", "");
  const clock = bare.match(/^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)$/);
  if (clock) return iso(sign, Number(clock[1] ?? 0) * 3600 + Number(clock[2]) * 60 + Number(clock[3]));
  if (!/^(\d+(\.\d+)?\s*[dhms]\s*)+$|^\d+(\.\d+)?$/.test(bare)) return undefined;
  const parts = [...bare.matchAll(/(\d+(?:\.\d+)?)\s*([dhms]?)/g)];
  return iso(
    sign,
    parts.reduce((sum, [, amount, letter = ""]) => sum + Number(amount) * (SECONDS[letter] ?? 1), 0),
  );
}

function iso(sign: string, seconds: number): string {
  return `${seconds === 0 ? "" : sign}PT${Number(seconds.toFixed(6))}S`; // Python has microseconds
}

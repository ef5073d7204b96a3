/**
 * Floor 9. Which URLs of somebody's data a page follows.
 *
 * @module
 */

const PICTURE = /^data:image\/(png|jpeg|gif|webp|avif|svg\+xml)[;,]/i;

/** Return a URL as it may stand in an attribute, or nothing if its scheme is none of those; of `data:`, pictures only. */
export function safeUrl(text: string, schemes: readonly string[]): string | undefined {
  let url: URL;
  try {
    url = new URL(text, document.baseURI);
  } catch {
    return undefined;
  }
  if (!schemes.includes(url.protocol)) return undefined;
  if (url.protocol === "data:" && !PICTURE.test(url.href)) return undefined;
  return url.href;
}

const MAGIC: readonly (readonly [string, RegExp])[] = [
  ["image/png", /^.PNG/s],
  ["image/jpeg", /^ÿØÿ/],
  ["image/gif", /^GIF8/],
  ["image/webp", /^RIFF.{4}WEBP/s],
  ["image/avif", /^.{4}ftypavi[fs]/s],
];

/** Return the MIME type of a picture by its first bytes, or nothing if it is none that a page may show. */
export function pictureType(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  return MAGIC.find(([, magic]) => magic.test(head))?.[0];
}

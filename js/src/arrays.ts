/**
 * Floor 0. Arrays: numbers of one type, packed, as leaves of a document (`docs/protocol.md`, section 9).
 *
 * In a page an array is a typed array that tells its `shape` and its `dtype` besides. It is never changed: what
 * is appended makes another one. That is a view of the same buffer as far as nobody has written behind the first
 * one, as with a slice of Go, so a stream of points costs the new points.
 *
 * @module
 */

/** The type of an array's elements, as numpy calls it. */
export type DType = "bool" | `${"" | "u"}int${8 | 16 | 32 | 64}` | `float${32 | 64}`;

/** A typed array of any type. */
export type TypedArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface TypedArrayConstructor {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): TypedArray;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): TypedArray;
}

const TYPES: Readonly<Record<DType, TypedArrayConstructor>> = {
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
};

interface Labels {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** An array of a document; of several dimensions the last one's index varies fastest. */
export type NumberArray<Type extends TypedArray = TypedArray> = Type & Labels;

/** Bytes, or another view of a buffer. */
type View = Pick<ArrayBufferView, "buffer" | "byteOffset" | "byteLength">;

/** Tell whether a value is a view of a buffer, of whatever frame: an iframe has types of its own. */
export const isView: (value: unknown) => value is TypedArray = ArrayBuffer.isView as typeof isView;

/** Tell whether a value is an array of a document; plain bytes are none. */
export function isArray(value: unknown): value is NumberArray {
  return isView(value) && Object.hasOwn(value, "dtype");
}

/** Return the bytes that a view shows. */
export function bytesOf({ buffer, byteOffset, byteLength }: View): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Return what is wrong with what an array is to be made of, or nothing. */
export function misfit(dtype: unknown, shape: unknown, size: number): string | undefined {
  if (typeof dtype !== "string" || !Object.hasOwn(TYPES, dtype)) return `'${dtype}' is no type of elements`;
  const isShape = Array.isArray(shape) && shape.length > 0 && shape.every((count) => isCount(count));
  const needs = isShape && count(shape) * TYPES[dtype as DType].BYTES_PER_ELEMENT;
  return needs === size ? undefined : `${size} bytes are not what a shape of [${shape}] needs`;
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const count = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** Return the array that is made of some bytes, which are copied. */
export function unpack(dtype: DType, shape: readonly number[], bytes: Uint8Array): NumberArray {
  return dressed(new TYPES[dtype](new Uint8Array(bytes).buffer), dtype, shape);
}

/**
 * Return a copy of a typed array as an array of a document. If it does not tell, its type is its class's and
 * it has one dimension.
 */
export function pack(array: TypedArray): NumberArray | undefined {
  const { dtype = nameOf(array), shape = [array.length] } = array as Partial<Labels>;
  return misfit(dtype, shape, array.byteLength) ? undefined : unpack(dtype, shape, bytesOf(array));
}

function nameOf(array: TypedArray): DType {
  return array[Symbol.toStringTag].slice(0, -5).toLowerCase().replace("big", "") as DType;
}

/** Tell whether two views have the same type, shape and bytes. */
export function isSame(one: View & Partial<Labels>, other: View & Partial<Labels>): boolean {
  if (one.dtype !== other.dtype || String(one.shape) !== String(other.shape)) return false;
  const [bytes, others] = [bytesOf(one), bytesOf(other)];
  return bytes.length === others.length && bytes.every((byte, at) => byte === others[at]);
}

/** Name an array or bytes for a line of text: `480 x 640 x 3 uint8`, `12 bytes`. */
export function describe({ shape, dtype, byteLength }: View & Partial<Labels>): string {
  const lengths = (shape ?? [byteLength]).map((length) => length.toLocaleString("en"));
  return `${lengths.join(" x ")} ${dtype ?? "bytes"}`;
}

// How many bytes of a buffer arrays show, if it has room behind them.
const used = new WeakMap<ArrayBufferLike, number>();

/**
 * Return an array in which elements give way to others, along the first axis.
 *
 * @param values - what comes: an array of the same type, and of the same shape but for the first axis
 */
export function splice(array: NumberArray, start: number, stop: number, values?: NumberArray): NumberArray {
  const { shape, dtype } = array;
  const [length = 0, ...inner] = shape;
  const added = values?.shape[0] ?? 0;
  const size = count(inner);
  const whole = [length - (stop - start) + added, ...inner];
  if (added === 0 && (start === 0 || stop === length)) {
    const [from, to] = start === 0 ? [stop, length] : [0, start];
    return dressed(array.subarray(from * size, to * size), dtype, whole);
  }
  const made = start === length ? extended(array, added * size) : new TYPES[dtype](count(whole));
  if (made.buffer !== array.buffer) put(made, array.subarray(0, start * size), 0);
  if (values) put(made, values, start * size);
  put(made, array.subarray(stop * size), (start + added) * size);
  return dressed(made, dtype, whole);
}

// Returns a longer view: of the same buffer if that has room there which nobody has used, else of a larger one.
function extended(array: TypedArray, added: number): TypedArray {
  const Type = array.constructor as TypedArrayConstructor;
  const { buffer, byteOffset, byteLength, length } = array;
  const end = byteOffset + byteLength;
  const grown = end + added * Type.BYTES_PER_ELEMENT;
  if (used.get(buffer) === end && grown <= buffer.byteLength) {
    used.set(buffer, grown);
    return new Type(buffer, byteOffset, length + added);
  }
  const larger = new Type(2 * (length + added));
  used.set(larger.buffer, grown - byteOffset);
  return larger.subarray(0, length + added);
}

function put(target: TypedArray, source: TypedArray, at: number): void {
  (target as Float64Array).set(source as Float64Array, at);
}

function dressed(array: TypedArray, dtype: DType, shape: readonly number[]): NumberArray {
  // not enumerable: they are no members
  return Object.defineProperties(array, { dtype: { value: dtype }, shape: { value: shape } }) as NumberArray;
}

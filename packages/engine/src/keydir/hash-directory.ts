/**
 * Directory of a hash index: its depth, then 2^depth places that name segments; the first bits of a hash choose the place.
 *
 * The depth is `changingDepth` while the directory doubles in place, and `staleDepth` once a larger one has taken its
 * place.
 */
export const hashDirectory = {
  depthWord: 0,
  placesWord: 1,
  staleDepth: -1,
  changingDepth: -2,
} as const

const { placesWord } = hashDirectory

/** Without a segment, with room for `depth`. */
export function createDirectory(depth: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4 * (placesWord + 2 ** depth)))
}

/** Protocol versions this package speaks, newest first. */
export const protocolVersions: readonly number[] = [1]

/** The newest version both sides speak, or undefined: then hello ends with KV_UNSUPPORTED_VERSION. */
export function negotiateVersion(offered: readonly number[]): number | undefined {
  return protocolVersions.find((version) => offered.includes(version))
}

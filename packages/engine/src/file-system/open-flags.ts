import { constants } from 'node:fs'

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_RDWR } = constants

/** Nobody but the owner may read a store. */
export const fileMode = 0o600
export const directoryMode = 0o700

/** A symbolic link in place of a file is refused (`ELOOP`). */
export const openFlags: { readonly read: number; readonly write: number; readonly create: number } =
  {
    read: O_RDONLY | O_NOFOLLOW,
    write: O_RDWR | O_NOFOLLOW,
    create: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
  }

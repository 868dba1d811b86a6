/** Version of every on-disk layout. A reader refuses a higher one. */
export const formatVersion = 1

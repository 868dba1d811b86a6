/** An environment, less what would tune Node or the server and appear in no report. */
export function withoutTuning(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => !name.startsWith('KV_') && name !== 'NODE_OPTIONS' && !name.startsWith('UV_'),
    ),
  )
}

import type { PlainMap } from '@kv/client'
import { usageError } from '../cli-error.ts'
import type { Command, Context } from '../command.ts'
import { doneExitCode } from '../exit-codes.ts'
import type { Kv } from '../kv.ts'
import { describeMerges, mergesIn } from '../merges-view.ts'
import { formatPlain } from '../plain-json.ts'

const actions = ['pause', 'resume', 'status'] as const

export const merge: Command = {
  name: 'merge',
  positionals: [{ name: 'action', required: true }],
  summary: 'Pauses merges, lets them go on, or tells how they stand',
  details:
    'The action is pause, resume or status. While merges are paused no space is reclaimed; a restart of the\nserver resumes them.',
  flags: {},
  examples: [
    ['kv merge status', ''],
    ['kv merge pause', 'also halts the one that is running'],
    ['kv merge resume', ''],
  ],
  async run(args, context) {
    const action = actionOf(args.required('action'))
    await using kv = await context.connect()
    const merges = await mergesAfter(action, kv, context)
    const { stdout, json } = context
    await stdout.writeLine(json ? formatPlain(merges) : describeMerges(merges))
    return doneExitCode
  },
}

type Action = (typeof actions)[number]

function actionOf(text: string): Action {
  const action = actions.find((each) => each === text)
  if (action !== undefined) return action
  throw usageError(`the action must be one of ${actions.join(', ')}, not '${text}'`)
}

async function mergesAfter(action: Action, kv: Kv, { signal }: Context): Promise<PlainMap> {
  if (action === 'pause') return kv.pauseMerges({ signal })
  if (action === 'resume') return kv.resumeMerges({ signal })
  return mergesIn(await kv.stats({ signal }))
}

import { defineConfig } from 'vitest/config'

/**
 * Five kinds of tests (docs/testing.md): `unit` beside the code, `crash` for the fault classes that
 * run in process, `e2e` for real processes, sockets, files and kills, `real-time`, where the time
 * that passes is what is tested: alone, when all others are through, and `drills`, which break the
 * machine under a real node, one after the other, and are not part of `npm test`.
 */
const conditions = ['kv-source', 'module', 'node', 'import', 'default']

function project(name: string, include: string[], timeoutMs: number, options: object = {}) {
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: ['kv-source'] } },
    test: {
      name,
      include,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      // What is polled for may come from a thread that is off its core.
      expect: { poll: { timeout: timeoutMs / 2 } },
      pool: 'forks' as const,
      ...options,
    },
  }
}

export default defineConfig({
  test: {
    // Most of the time is one thread's: every core takes one.
    maxWorkers: '100%',
    projects: [
      project('unit', ['{packages,apps}/*/src/**/*.test.ts', 'test/unit/**/*.test.ts'], 60_000),
      project('crash', ['packages/*/test/crash/**/*.test.ts'], 600_000),
      project('e2e', ['{packages,apps}/*/test/e2e/**/*.test.ts', 'test/e2e/**/*.test.ts'], 900_000),
      project('real-time', ['{packages,apps}/*/test/real-time/**/*.test.ts'], 60_000, {
        fileParallelism: false,
        sequence: { groupOrder: 1 },
      }),
      project(
        'drills',
        ['{packages,apps}/*/test/drills/**/*.test.ts', 'test/drills/**/*.test.ts'],
        900_000,
        {
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      ),
    ],
  },
})

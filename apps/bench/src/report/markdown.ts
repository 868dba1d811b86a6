import { judge } from '../judge.ts'
import type { RunFile } from '../results/run-file.ts'
import { escapeMarkdown, markdownTable } from './markdown-table.ts'
import { reading } from './reading.ts'
import { runTable } from './run-table.ts'
import { type Section, sectionsOf } from './section.ts'
import type { TitledTable } from './table.ts'
import { countVerdicts, limitsOf, targetTable } from './target-table.ts'

const widthMax = 150

/** The page docs/benchmarks.md. The same runs give the same bytes, in whatever order they come. */
export function renderMarkdown(runs: readonly RunFile[]): string {
  if (runs.length === 0) throw new Error('no runs, so nothing to report')
  const verdicts = judge(runs)
  const limits = limitsOf(verdicts)
  const blocks = [
    '# Benchmarks',
    wrap(
      'Made by `pnpm bench report --record` from run files; not edited by hand. What the workloads do and how to repeat them is in apps/bench/README.md.',
    ),
    '## How to read it',
    ...reading.map((each) => wrap(escapeMarkdown(each))),
    '## Targets',
    wrap(`Parts of targets: ${countVerdicts(verdicts)}.`),
    markdownTable(targetTable(verdicts)),
    ...(limits.length === 0 ? [] : ['### What stands in the way', limits.map(asItem).join('\n')]),
    '## Runs',
    markdownTable(runTable(runs)),
    ...sectionsOf(runs).flatMap(sectionBlocks),
  ]
  return `${blocks.join('\n\n')}\n`
}

function asItem(limit: string): string {
  return wrap(`- ${escapeMarkdown(limit)}`, '  ')
}

function sectionBlocks(section: Section): string[] {
  const { name, title, conditions, subjects, skipped, measured, ratios } = section
  return [
    `## ${escapeMarkdown(name)}: ${escapeMarkdown(title)}`,
    wrap(escapeMarkdown(conditions)),
    ...(ratios === undefined ? [] : titledBlocks(ratios)),
    ...measured.flatMap(titledBlocks),
    '### What was measured',
    markdownTable(subjects),
    ...(skipped.length === 0
      ? []
      : ['Skipped:', skipped.map((each) => wrap(`- ${escapeMarkdown(each)}`, '  ')).join('\n')]),
  ]
}

function titledBlocks({ title, table }: TitledTable): string[] {
  return [`### ${escapeMarkdown(title)}`, markdownTable(table)]
}

/** Breaks prose at spaces; later lines begin with `indent`. A code span may be broken, which Markdown allows. */
function wrap(text: string, indent: string = ''): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    // A line that began so would become a list or a heading.
    const mayBegin = !/^([-+#>]|\d+[.)]?$)/.test(word)
    if (line !== '' && mayBegin && line.length + 1 + word.length > widthMax) {
      lines.push(line)
      line = `${indent}${word}`
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line].join('\n')
}

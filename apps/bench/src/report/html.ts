import { judge } from '../judge.ts'
import { inOrder } from '../results/newest-workloads.ts'
import type { RunFile } from '../results/run-file.ts'
import { htmlTable } from './html-table.ts'
import { html, Markup } from './markup.ts'
import type { Plot } from './plot.ts'
import { plotsOf } from './plots.ts'
import { reading } from './reading.ts'
import { runTable } from './run-table.ts'
import { type Section, sectionsOf } from './section.ts'
import { style } from './style.ts'
import type { TitledTable } from './table.ts'
import { countVerdicts, limitsOf, targetTable } from './target-table.ts'

/** One page without scripts that needs nothing else. The same runs give the same bytes. */
export function renderHtml(runs: readonly RunFile[]): string {
  const newest = inOrder(runs).at(-1)
  if (newest === undefined) throw new Error('no runs, so nothing to report')
  const verdicts = judge(runs)
  const sections = sectionsOf(runs)
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>kv benchmarks</title>
<style>${new Markup(style)}</style>
</head>
<body>
<header>
<h1>kv benchmarks</h1>
<p>${newest.endedAt.slice(0, 10)}, ${newest.machine.cores} × ${newest.machine.cpu}. Parts of targets: ${countVerdicts(verdicts)}.</p>
</header>
<main>
<h2 id="targets">Targets</h2>
${htmlTable(targetTable(verdicts), true)}
${folded(
  'What stands in the way of those that are missed',
  limitsOf(verdicts).map((each) => html`<p>${each}</p>`),
)}
<details><summary>How to read it</summary>
${reading.map((each) => html`<p>${each}</p>`)}
</details>
<h2 id="runs">Runs</h2>
${htmlTable(runTable(runs), true)}
<nav aria-label="Workloads"><ul>
${sections.map(({ name, title }) => html`<li><a href="#${anchorOf(name)}">${title}</a></li>`)}
</ul></nav>
${sections.map(sectionMarkup)}
</main>
</body>
</html>
`
  return page.text
}

function sectionMarkup(section: Section): Markup {
  const { name, title, conditions, skipped, ratios, measured, subjects, workload } = section
  const [main, minor] = [false, true].map((isMinor) =>
    measured.filter((each) => (each.isMinor ?? false) === isMinor).map(titledTable),
  )
  return html`
<section>
<h2 id="${anchorOf(name)}">${title}</h2>
<p><code>${name}</code> ${conditions}</p>
${skipped.map((each) => html`<p class="bad">Skipped: ${each}</p>`)}
${pictures(plotsOf(workload))}
${ratios === undefined ? undefined : titledTable(ratios)}
${main}
${folded('More numbers', minor!)}
${folded('What was measured: versions, durability, options', [htmlTable(subjects, true)])}
</section>`
}

function anchorOf(name: string): string {
  return `workload-${name}`
}

function pictures(plots: readonly Plot[]): Markup | undefined {
  return plots.length === 0 ? undefined : html`<div class="plots">${plots.map(picture)}</div>`
}

function picture({ title, caption, svg, key, numbers, isTall }: Plot): Markup {
  const tall = isTall === true ? html` class="tall"` : undefined
  const keys = key.map(({ svg, text }) => html`<li>${new Markup(svg)}${text}</li>`)
  return html`
<figure${tall}>
<h3>${title}</h3>
<div class="picture">${new Markup(svg)}</div>
${keys.length === 0 ? undefined : html`<ul class="key">${keys}</ul>`}
<figcaption>${caption}</figcaption>
${numbers === undefined ? undefined : folded('Numbers', [htmlTable(numbers)])}
</figure>`
}

function titledTable({ title, table }: TitledTable): Markup {
  return html`<h3>${title}</h3>${htmlTable(table)}`
}

function folded(summary: string, content: readonly Markup[]): Markup | undefined {
  if (content.length === 0) return undefined
  return html`<details><summary>${summary}</summary>${content}</details>`
}

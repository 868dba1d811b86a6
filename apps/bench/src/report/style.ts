import { inkVariables } from './subject-look.ts'

/** The page's one style sheet. Light or dark as the reader's system is; no fonts or files from elsewhere. */
export const style: string = `
:root { color-scheme: light dark; --text: #1b1f24; --faint: #5c6670; --page: #ffffff; --box: #f5f7f9; --line: #d5dbe1; --good: #0f6b3a; --bad: #a11212; ${inkVariables('light')} }
@media (prefers-color-scheme: dark) {
  :root { --text: #e4e8ec; --faint: #9aa5b1; --page: #14171c; --box: #1c2127; --line: #363e48; --good: #62d296; --bad: #ff8f85; ${inkVariables('dark')} }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem clamp(.75rem, 3vw, 2rem) 4rem; max-width: 82rem; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: .5rem 0 1rem; }
h2 { font-size: 1.3rem; line-height: 1.25; margin: 3rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .4rem; }
p, ul { max-width: 48rem; }
a { color: inherit; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; max-width: none; }
nav a { display: inline-block; padding: .25rem 0; }
code { font: .875em/1.4 ui-monospace, monospace; background: var(--box); border-radius: 3px; padding: .05em .3em; }
.faint, .nothing { color: var(--faint); }
.good { color: var(--good); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.scroll { overflow: auto; max-width: 100%; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: .875rem; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .35rem .7rem; font-weight: 400; min-width: 5.5rem; }
thead th { background: var(--box); font-weight: 600; vertical-align: bottom; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody th { min-width: 10.5rem; }
.group th { background: var(--box); }
.number { text-align: end; font-variant-numeric: tabular-nums; }
td.number { white-space: nowrap; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); gap: 1rem; margin: 1rem 0; align-items: start; }
figure { margin: 0; padding: .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--box); min-width: 0; }
@media (min-width: 54rem) { .tall { grid-row: span 2; } }
figure h3 { margin: 0 0 .5rem; }
figure > svg, figure > .picture > svg { display: block; width: 100%; max-width: 30rem; height: auto; margin: 0 auto; overflow: visible; font: 13px system-ui, sans-serif; }
figure .scroll { background: var(--page); max-height: 24rem; }
figure thead th { position: sticky; top: 0; }
figure th, figure td { min-width: 0; }
figcaption { font-size: .8125rem; color: var(--faint); margin-top: .5rem; }
.plot text { white-space: pre; }
.key { display: flex; flex-wrap: wrap; gap: .1rem 1rem; list-style: none; margin: .4rem 0 0; padding: 0; font-size: .8125rem; }
.key li { display: flex; align-items: center; gap: .4rem; }
.key svg { flex: none; }
details { margin: .6rem 0; }
figure details { margin-bottom: 0; }
summary { cursor: pointer; padding: .25rem 0; }
@media (max-width: 44rem) {
  body { padding-inline: .5rem; }
  figure { padding: .6rem .5rem; }
  .stacks table, .stacks tbody, .stacks tr, .stacks th, .stacks td { display: block; min-width: 0; text-align: start; white-space: normal; }
  .stacks thead { display: none; }
  .stacks tbody tr + tr > * { border: 0; }
  .stacks tr + tr { border-top: 1px solid var(--line); padding: .3rem 0; }
  .stacks .group { padding: 0; }
  .stacks tr > * { padding: .15rem .6rem; }
  .stacks tr:not(.group) > th { font-weight: 600; }
  .stacks td { display: grid; grid-template-columns: 6.5rem 1fr; }
  .stacks td::before { content: attr(data-title); color: var(--faint); }
  .stacks td:has(> .nothing) { display: none; }
}
`

/** The sheet's look: light and dark from the reader's setting, print, narrow screens. No outside fonts. */
export const STYLE = `
:root{color-scheme:light dark;--paper:#f6f5f1;--surface:#ffffff;--ink:#171a1f;--soft:#59606c;--faint:#e3e1da;--line:#cbc8bf;--strategy:#1d4f91;--benchmark:#8a7a5c;--gain:#0d7a5f;--loss:#b3412a;--warn:#8a5a00;--warn-bg:#fdf4df;--bad-bg:#fbe9e4;--note-bg:#eef1f5}
@media (prefers-color-scheme:dark){:root{--paper:#0f1216;--surface:#161a20;--ink:#e9ebee;--soft:#a0a8b4;--faint:#262c35;--line:#3a424e;--strategy:#84b4ff;--benchmark:#c2ad84;--gain:#54c9a2;--loss:#f0896d;--warn:#f0c164;--warn-bg:#2a2415;--bad-bg:#311d18;--note-bg:#1b212a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1180px;margin:0 auto;padding:44px 24px 64px}
header{display:flex;flex-wrap:wrap;align-items:baseline;gap:6px 18px;border-bottom:2px solid var(--ink);padding-bottom:14px}
h1,h2,caption{font-family:"Iowan Old Style","Palatino Linotype",Palatino,Georgia,"Times New Roman",serif;font-weight:600;letter-spacing:-.005em}
h1{font-size:34px;line-height:1.15;margin:0;overflow-wrap:anywhere}
h2{font-size:21px;margin:0 0 10px}
header p{margin:0;color:var(--soft)}
.badge{font-size:12px;letter-spacing:.06em;text-transform:uppercase;border:1px solid currentColor;border-radius:3px;padding:1px 8px;color:var(--soft)}
.badge.live{color:var(--loss)}
.badge.flag{color:var(--warn)}
.headline{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:14px 0;margin:22px 0 26px;padding:0}
.headline div{padding:2px 10px 4px 14px;border-left:1px solid var(--line)}
.headline dt{color:var(--soft);font-size:13px}
.headline dd{margin:0;font-size:22.5px;line-height:1.25;font-weight:600;letter-spacing:-.01em;white-space:nowrap}
.headline small{display:block;white-space:normal;line-height:1.35;font-size:12.5px;font-weight:400;color:var(--soft);letter-spacing:0}
.findings{list-style:none;margin:0 0 26px;padding:0;display:grid;gap:8px}
.findings li{padding:9px 14px;border-left:3px solid var(--soft);background:var(--note-bg)}
.findings .warning{border-color:var(--warn);background:var(--warn-bg)}
.findings .error{border-color:var(--loss);background:var(--bad-bg)}
.findings b{font-weight:600}
section{background:var(--surface);border:1px solid var(--faint);border-radius:4px;padding:22px 24px 18px;margin:0 0 20px;min-width:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:0 20px}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;margin:-6px 0 8px;color:var(--soft);font-size:13px;padding:0;list-style:none}
.legend li::before{content:"";display:inline-block;width:18px;height:3px;border-radius:2px;margin-right:7px;vertical-align:middle;background:var(--strategy)}
.legend .benchmark::before{background:var(--benchmark)}
.legend .price::before{background:var(--soft)}
.legend .buy::before,.legend .sell::before{width:0;height:0;background:none;border:5px solid transparent;border-radius:0}
.legend .buy::before{border-bottom:8px solid var(--gain);border-top:0}
.legend .sell::before{border-top:8px solid var(--loss);border-bottom:0}
.chart{position:relative;overflow-x:auto}
.chart svg{display:block;width:100%;min-width:760px;height:auto;overflow:visible}
.chart+h2{margin-top:18px}
.grid{stroke:var(--faint);stroke-width:1}
.tickmark,.baseline{stroke:var(--line);stroke-width:1}
.baseline{stroke-dasharray:3 3}
svg text{fill:var(--soft);font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;font-variant-numeric:tabular-nums}
svg text.note{fill:var(--loss);font-weight:600}
.line{fill:none;stroke-width:1.7;stroke-linejoin:round;stroke:var(--strategy)}
.line.benchmark{stroke:var(--benchmark);stroke-width:1.3}
.line.loss{stroke:var(--loss);stroke-width:1.2}
.line.price{stroke:var(--soft);stroke-width:1.2}
.pair .chart svg{min-width:400px}
.area{fill:var(--strategy);opacity:.09}
.area.loss{fill:var(--loss);opacity:.2}
.end{fill:var(--strategy);stroke:var(--surface);stroke-width:1.5}
.end.loss{fill:var(--loss)}
.bar.gain{fill:var(--gain)}
.bar.loss{fill:var(--loss)}
.mark{stroke:var(--surface);stroke-width:.8}
.mark.buy{fill:var(--gain)}
.mark.sell{fill:var(--loss)}
.trade{fill:none;stroke-width:1.3;opacity:.65}
.trade.gain{stroke:var(--gain)}
.trade.loss{stroke:var(--loss)}
.cross{stroke:var(--ink);stroke-width:1;opacity:.45}
.tip{position:absolute;top:0;pointer-events:none;background:var(--ink);color:var(--surface);border-radius:3px;padding:4px 9px;font-size:12.5px;line-height:1.4;white-space:nowrap;z-index:2}
.tip b,.tip span{display:block}
.tip b{font-weight:600}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{text-align:left;font-size:18px;padding:0 0 6px}
.heat-map{min-width:720px;table-layout:fixed;border-collapse:separate;border-spacing:2px}
.heat-map th{font-weight:500;font-size:12.5px;color:var(--soft);padding:3px 2px}
.heat-map td{text-align:right;padding:5px 8px 5px 2px;font-size:13.5px;border-radius:2px}
.heat-map .empty{background:color-mix(in srgb,var(--faint) 35%,transparent)}
.heat.gain{background:color-mix(in srgb,var(--gain) var(--tint),var(--surface))}
.heat.loss{background:color-mix(in srgb,var(--loss) var(--tint),var(--surface))}
.heat.flat{background:var(--faint)}
.heat-map .total{font-weight:650}
.total.gain,td.gain{color:var(--gain)}
.total.loss,td.loss{color:var(--loss)}
.heat-map td.heat{color:var(--ink)}
.columns{columns:3 300px;column-gap:40px}
.figures{break-inside:avoid;margin:0 0 22px}
.figures th{font-weight:400;text-align:left;color:var(--soft);padding:3.5px 0}
.figures td{text-align:right;padding:3.5px 0;white-space:nowrap}
.figures tr+tr>*{border-top:1px solid var(--faint)}
.rows th{text-align:left;font-weight:500;font-size:13px;color:var(--soft);border-bottom:1px solid var(--line);padding:4px 14px 4px 0;white-space:nowrap}
.rows td{padding:4px 14px 4px 0;border-bottom:1px solid var(--faint);font-size:13.5px;vertical-align:top}
.rows tr:last-child td{border-bottom:0}
details>summary{cursor:pointer;font-weight:600;padding:4px 0}
details[open]>summary{margin-bottom:10px}
.aside,footer{color:var(--soft);font-size:13px}
footer dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0 0}
footer dt{color:var(--soft)}
footer dd{margin:0;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--strategy);outline-offset:2px}
@media (max-width:640px){main{padding:24px 14px 40px}h1{font-size:26px}section{padding:16px 14px}.headline dd{font-size:21px}.chart{overflow:visible}.chart svg,.pair .chart svg{min-width:0;margin:0 0 14px}.chart svg text{font-size:31px}.pair .chart svg text{font-size:16px}.tick.dense{display:none}.chart svg text.time{transform:translateY(12px)}.line,.trade,.grid{vector-effect:non-scaling-stroke}.mark{transform-box:fill-box;transform-origin:center;transform:scale(2.2)}footer dl{grid-template-columns:1fr}footer dd{margin:0 0 6px}}
@media print{:root{--paper:#fff}main{padding:0;max-width:none}section{border:0;padding:12px 0;break-inside:avoid}.tip,.cross{display:none}}
`

/** Shows the value under the pointer, or under the arrow keys. The page is complete without it. */
export const SCRIPT = `
for (const chart of document.querySelectorAll('[data-hover]')) {
  const svg = chart.querySelector('svg'), points = JSON.parse(chart.dataset.hover), size = svg.viewBox.baseVal
  let line, tip, at = -1
  const show = (i) => {
    at = Math.max(0, Math.min(points.x.length - 1, i))
    if (!line) {
      line = document.createElementNS('http://www.w3.org/2000/svg', 'line')
      line.setAttribute('class', 'cross'); line.setAttribute('y1', chart.dataset.top); line.setAttribute('y2', chart.dataset.bottom)
      svg.append(line)
      tip = document.createElement('div'); tip.className = 'tip'; tip.setAttribute('role', 'status'); chart.append(tip)
    }
    line.setAttribute('x1', points.x[at]); line.setAttribute('x2', points.x[at])
    const label = document.createElement('b'); label.textContent = points.labels[at]
    tip.replaceChildren(label, ...points.lines[at].map((text) => { const row = document.createElement('span'); row.textContent = text; return row }))
    const place = points.x[at] / size.width * svg.clientWidth
    tip.style.left = Math.max(0, Math.min(svg.clientWidth - tip.offsetWidth, place + (place > svg.clientWidth / 2 ? -tip.offsetWidth - 12 : 12))) + 'px'
    line.style.display = tip.style.display = ''
  }
  const hide = () => { if (line) line.style.display = tip.style.display = 'none' }
  chart.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * size.width
    let low = 0, high = points.x.length - 1
    while (low < high) { const middle = (low + high) >> 1; if (points.x[middle] < x) low = middle + 1; else high = middle }
    show(low > 0 && x - points.x[low - 1] < points.x[low] - x ? low - 1 : low)
  })
  chart.addEventListener('pointerleave', hide)
  chart.addEventListener('blur', hide)
  chart.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -1e9, End: 1e9 }[event.key]
    if (step === undefined) return
    event.preventDefault()
    show(at + step)
  })
}
`

/** Style of the evaluation page: system fonts, both colour schemes, no page wider than its screen. */
export const reportStyle = `
:root{color-scheme:light dark;--ink:#1b2330;--muted:#5d6878;--paper:#fff;--line:#dde2ea;--a:#2463c9;--b:#b4541a;--shade:36,99,201}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf1;--muted:#9aa5b5;--paper:#12161d;--line:#2b333f;--a:#7ab0ff;--b:#f0a065;--shade:122,176,255}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:960px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:26px;margin:0 0 12px}h2{font-size:17px;margin:32px 0 8px}
dl{display:flex;flex-wrap:wrap;gap:8px 28px;margin:0}dl div{min-width:90px}dt{color:var(--muted);font-size:13px}dd{margin:0}
small,.small,.muted{color:var(--muted);font-size:13px}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:4px 8px;border-bottom:1px solid var(--line);font-weight:400;white-space:nowrap}
thead th{color:var(--muted);font-size:13px}.n{text-align:right;font-variant-numeric:tabular-nums}
.better{color:var(--a)}.worse{color:var(--b)}.not-told-apart{color:var(--muted)}
.bars th{white-space:normal;overflow-wrap:anywhere}.bars tbody th{width:34%}.bars .n{width:1%}
.bar{position:relative;height:26px;min-width:70px}.bar i{position:absolute;top:7px;height:12px;border-radius:2px;background:var(--a)}.bar i.down{background:var(--b)}.bar.both{background:linear-gradient(var(--line),var(--line)) 50% 0/1px 100% no-repeat}
.pair{display:flex;flex-wrap:wrap;gap:16px;align-items:start}.pair>div{flex:1 1 340px;min-width:0}
.confusion td{background:linear-gradient(rgba(var(--shade),.45),rgba(var(--shade),.45)) left/var(--s) 100% no-repeat}.confusion .hit{font-weight:600}
figure{margin:0;flex:0 1 360px;width:100%;max-width:460px}svg{width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:var(--muted)}.axis{fill:none;stroke:var(--muted)}.rule{fill:none;stroke:var(--line)}.ideal{fill:none;stroke:var(--muted);stroke-dasharray:3 4}
.line{fill:none;stroke:var(--a);stroke-width:1.8}.line.second{stroke:var(--b)}.dot{fill:var(--a);fill-opacity:.65}
.key{display:inline-block;width:14px;height:3px;margin:0 6px 3px 0;background:var(--a)}.key.second{background:var(--b)}
@media (max-width:520px){main{padding:16px 12px 32px}th,td{padding:4px 5px}.bars .n{font-size:13px}}
`

// The style and the script of report.html.
#pragma once

namespace basin {

inline constexpr const char* kStyle = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5a6472; --rule: #d9dee5; --paper: #ffffff; --tint: #f4f6f9;
  --c0: #2563c9; --c1: #d1541f; --c2: #1d8a55; --c3: #8a3ab9; --c4: #b8860b; --c5: #0e8fa6; --c6: #c02660; --c7: #6b7280; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --rule: #343c47; --paper: #14181d;
  --tint: #1d232a; --c0: #6fa3ff; --c1: #ff8f5c; --c2: #4fc98d; --c3: #c58af0; --c4: #e0b84a; --c5: #4fc4d8;
  --c6: #f27aa5; --c7: #a0a8b4; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 68rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .3rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--rule); padding-bottom: .2rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
p.soft, .soft { color: var(--soft); font-size: .9rem; }
.problem { color: var(--c1); }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { font-weight: 600; white-space: nowrap; }
td.n { font-variant-numeric: tabular-nums; white-space: nowrap; }
td.n small { color: var(--soft); }
tr.differs td { background: var(--tint); }
.origin { color: var(--soft); font-size: .8rem; }
figure { margin: 0 0 1.4rem; }
figcaption { font-weight: 600; margin-bottom: .2rem; overflow-wrap: anywhere; }
.charts, .grids { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
svg, img { display: block; width: 100%; max-width: 100%; height: auto; }
.grids img { width: auto; image-rendering: pixelated; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--rule); }
svg .cursor { stroke: var(--soft); stroke-dasharray: 3 3; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .85rem; }
.legend i { display: inline-block; width: .8rem; height: .25rem; margin-right: .4rem; vertical-align: middle; }
.legend b { font-weight: 600; font-variant-numeric: tabular-nums; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--soft); }
pre { background: var(--tint); padding: .8rem; overflow-x: auto; font-size: .82rem; line-height: 1.4; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .85rem; margin: .4rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 34rem) { body { padding: .8rem; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; } }
@media print { body { max-width: none; padding: 0; font-size: 11pt; } figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; } .scroll, pre { overflow: visible; } pre { white-space: pre-wrap; } }
)css";

// Values under the pointer, and everything unfolded on paper.
inline constexpr const char* kScript = R"js(
document.querySelectorAll('figure.chart').forEach(function (figure) {
  var svg = figure.querySelector('svg'), cursor = svg.querySelector('.cursor');
  var lines = JSON.parse(figure.querySelector('script').textContent);
  var values = figure.querySelectorAll('.legend b'), at = figure.querySelector('.at');
  var x0 = +svg.dataset.x0, x1 = +svg.dataset.x1;
  function show(event) {
    var box = svg.getBoundingClientRect(), px = (event.clientX - box.left) / box.width * 720;
    var x = x0 + Math.min(1, Math.max(0, (px - 64) / 642)) * (x1 - x0), best = null;
    lines.forEach(function (line) { line.x.forEach(function (v) {
      if (v !== null && (best === null || Math.abs(v - x) < Math.abs(best - x))) best = v; }); });
    if (best === null) return;
    lines.forEach(function (line, i) {
      var k = line.x.indexOf(best);
      values[i].textContent = k < 0 || line.y[k] === null ? '' : line.y[k].toPrecision(4);
    });
    at.textContent = 'at ' + best;
    var cx = 64 + (best - x0) / (x1 - x0) * 642;
    cursor.setAttribute('x1', cx); cursor.setAttribute('x2', cx); cursor.setAttribute('visibility', 'visible');
  }
  svg.addEventListener('pointermove', show);
  svg.addEventListener('pointerdown', show);
});
window.addEventListener('beforeprint', function () {
  document.querySelectorAll('details').forEach(function (d) { d.open = true; });
});
)js";

}  // namespace basin

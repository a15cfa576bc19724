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
svg .brush { fill: var(--c0); opacity: .15; }
.chart svg { touch-action: pan-y; cursor: crosshair; }
.chart button { float: right; margin-left: .3rem; min-width: 2rem; font: inherit; font-size: .8rem; color: var(--soft);
  background: var(--tint); border: 1px solid var(--rule); border-radius: .3rem; cursor: pointer; }
.intervals div { display: grid; grid-template-columns: minmax(6rem, 14rem) 1fr 5rem; gap: .6rem; align-items: center;
  font-size: .9rem; overflow-wrap: anywhere; }
.track { position: relative; height: 1.1rem; background: var(--tint); }
.track i { position: absolute; top: 50%; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.track .bar { height: .16rem; margin-top: -.08rem; min-width: 1px; }
.track .dot { width: .5rem; height: .5rem; margin: -.25rem 0 0 -.25rem; border-radius: 50%; }
.tiles { display: grid; gap: .5rem; grid-template-columns: repeat(auto-fill, minmax(4.2rem, 1fr)); margin-bottom: 1.4rem; }
.tiles figure { margin: 0; break-inside: avoid; }
.tiles img { image-rendering: pixelated; }
.tiles figcaption { font-weight: 400; font-size: .75rem; }
.tiles small { color: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .85rem; }
.legend i { display: inline-block; width: .8rem; height: .25rem; margin-right: .4rem; vertical-align: middle; }
.legend i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.legend span.off { opacity: .4; text-decoration: line-through; }
.legend span { cursor: pointer; }
.legend b { font-weight: 600; font-variant-numeric: tabular-nums; }
details { margin: .5rem 0; }
summary { cursor: pointer; color: var(--soft); }
pre { background: var(--tint); padding: .8rem; overflow-x: auto; font-size: .82rem; line-height: 1.4; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; font-size: .85rem; margin: .4rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 34rem) { body { padding: .8rem; } svg text { font-size: 15px; } .intervals div { grid-template-columns: 1fr 4rem; gap: 0 .6rem; }
  .intervals div span:first-child { grid-column: 1 / 3; } dl { grid-template-columns: 1fr; } dd { margin-bottom: .3rem; } }
@page { margin: 16mm 14mm; }
@media print { :root { --ink: #000; --soft: #333; --rule: #bbb; --paper: #fff; --tint: #f4f6f9; }
  .chart button { display: none; } body { max-width: none; padding: 0; font-size: 11pt; } figure, tr { break-inside: avoid; }
  .charts, .grids { grid-template-columns: 1fr 1fr; } h2, h3, h3 + p { break-after: avoid; } .scroll, pre { overflow: visible; } pre { white-space: pre-wrap; } }
)css";

// Values under the pointer, zoom (drag over a stretch, the buttons, + - 0 and arrows on the keyboard), lines switched off
// by a tap on the legend, and everything unfolded on paper. Geometry: host/run/chart.cpp.
inline constexpr const char* kScript = R"js(
(function () {
  'use strict';
  var left = 58, top = 10, width = 412, height = 240;

  function number(v) {
    if (v === Math.floor(v) && Math.abs(v) < 1e7) return String(v);
    return String(+v.toPrecision(4));
  }
  function ticks(low, high, log, wanted) {
    var out = [], e, v;
    if (log) {
      for (e = Math.floor(Math.log10(low)); Math.pow(10, e) <= high; e++)
        [1, 2, 5].forEach(function (digit) {
          v = digit * Math.pow(10, e);
          if ((digit === 1 || Math.log10(high / low) < 2.5) && v >= low && v <= high) out.push(v);
        });
      if (out.length > 1) return out;
      out = [];
    }
    var rough = (high - low) / wanted, step = Math.pow(10, Math.floor(Math.log10(rough)));
    if (step * 5 < rough) step *= 10; else if (step * 2 < rough) step *= 5; else if (step < rough) step *= 2;
    for (v = Math.ceil(low / step) * step; v <= high + step / 1e6 && out.length < 30; v += step)
      out.push(Math.abs(v) < step / 1e6 ? 0 : +v.toPrecision(12));
    return out;
  }

  document.querySelectorAll('figure.chart').forEach(function (figure) {
    var svg = figure.querySelector('svg'), view = svg.querySelector('.view');
    var cursor = svg.querySelector('.cursor'), brush = svg.querySelector('.brush');
    var data = JSON.parse(figure.querySelector('script').textContent), whole = view.innerHTML;
    var entries = Array.prototype.slice.call(figure.querySelectorAll('.legend span:not(.at)'));
    var at = figure.querySelector('.at');
    var off = data.lines.map(function () { return false; }), x0 = data.x[0], x1 = data.x[1], start = null;

    function px(x) { return left + (x - x0) / (x1 - x0) * width; }
    function zoomed() { return x0 !== data.x[0] || x1 !== data.x[1]; }

    // The lines between x0 and x1, with y as high as they need.
    function draw() {
      cursor.setAttribute('visibility', 'hidden');
      if (!zoomed() && off.indexOf(true) < 0) { view.innerHTML = whole; return; }
      var low = Infinity, high = -Infinity;
      data.lines.forEach(function (line, i) {
        line.x.forEach(function (x, k) {
          if (off[i] || x === null || x < x0 || x > x1 || line.y[k] === null) return;
          [line.y[k], line.low ? line.low[k] : null, line.high ? line.high[k] : null].forEach(function (y) {
            if (y !== null && y !== undefined) { low = Math.min(low, y); high = Math.max(high, y); }
          });
        });
      });
      if (!(low <= high)) { low = 0; high = 1; }
      var log = data.log && low > 0;
      if (low === high) { var half = low === 0 ? 1 : Math.abs(low) / 2; low = log ? low / 2 : low - half; high += half; }
      if (log) { var f = Math.pow(high / low, 0.05); low /= f; high *= f; }
      else { var room = (high - low) * 0.05; low -= room; high += room; }
      function py(y) {
        var part = log ? Math.log(y / low) / Math.log(high / low) : (y - low) / (high - low);
        return top + (1 - part) * height;
      }
      var out = '';
      ticks(low, high, log, 5).forEach(function (v) {
        var y = py(v).toFixed(1);
        out += '<line class="grid" x1="' + left + '" x2="' + (left + width) + '" y1="' + y + '" y2="' + y + '"/>' +
          '<text x="' + (left - 6) + '" y="' + y + '" dy="4" text-anchor="end">' + number(v) + '</text>';
      });
      ticks(x0, x1, false, 6).forEach(function (v) {
        out += '<text x="' + px(v).toFixed(1) + '" y="268" text-anchor="middle">' + number(v) + '</text>';
      });
      out += '<svg x="' + left + '" y="' + top + '" width="' + width + '" height="' + height + '" viewBox="' +
        [left, top, width, height].join(' ') + '">';
      data.lines.forEach(function (line, i) {
        if (off[i]) return;
        var colour = line.colour, path = '', upper = '', lower = '', marks = '', run = 0, place;
        line.x.forEach(function (x, k) {
          var y = line.y[k];
          if (x === null || y === null) { run = 0; return; }
          place = px(x).toFixed(1) + ' ' + py(y).toFixed(1);
          path += (run++ ? 'L' : 'M') + place;
          if (data.points || (run === 1 && (k + 1 === line.y.length || line.y[k + 1] === null)))
            marks += '<circle cx="' + px(x).toFixed(1) + '" cy="' + py(y).toFixed(1) + '" r="3.5" fill="' + colour + '"/>';
          if (!line.low || line.low[k] === null || line.high[k] === null || (log && line.low[k] <= 0)) return;
          var a = px(x).toFixed(1) + ' ' + py(line.low[k]).toFixed(1), b = px(x).toFixed(1) + ' ' + py(line.high[k]).toFixed(1);
          if (data.points) marks += '<path d="M' + a + 'L' + b + '" stroke="' + colour + '" stroke-width="1.5"/>';
          else { upper += (upper ? 'L' : 'M') + b; lower = 'L' + a + lower; }
        });
        if (upper) out += '<path d="' + upper + lower + 'Z" fill="' + colour + '" opacity="0.15"/>';
        out += '<path d="' + path + '" fill="none" stroke="' + colour + '" stroke-width="1.6"' +
          (line.dash ? ' stroke-dasharray="' + line.dash + '"' : '') + '/>' + marks;
      });
      view.innerHTML = out + '</svg>';
    }
    function zoom(a, b) {
      var span = data.x[1] - data.x[0];
      a = Math.max(data.x[0], a); b = Math.min(data.x[1], b);
      if (b - a < span / 1e5) return;
      x0 = a; x1 = b;
      draw();
    }
    function by(factor) {
      var middle = (x0 + x1) / 2, half = (x1 - x0) / 2 * factor;
      zoom(middle - half, middle + half);
    }
    function reset() { zoom(data.x[0], data.x[1]); }

    function x_of(event) {
      var box = svg.getBoundingClientRect(), p = (event.clientX - box.left) / box.width * 480;
      return x0 + Math.min(1, Math.max(0, (p - left) / width)) * (x1 - x0);
    }
    function show(event) {
      var x = x_of(event), best = null;
      data.lines.forEach(function (line, i) { if (!off[i]) line.x.forEach(function (v, k) {
        if (v !== null && line.y[k] !== null && (best === null || Math.abs(v - x) < Math.abs(best - x))) best = v; }); });
      if (best === null || best < x0 || best > x1) return;
      data.lines.forEach(function (line, i) {
        var k = line.x.indexOf(best), b = entries[i].querySelector('b');
        b.textContent = k < 0 || off[i] || line.y[k] === null ? '' : line.y[k].toPrecision(4);
      });
      at.textContent = 'at ' + number(best);
      cursor.setAttribute('x1', px(best)); cursor.setAttribute('x2', px(best));
      cursor.setAttribute('visibility', 'visible');
    }
    svg.addEventListener('pointerdown', function (event) {
      start = x_of(event);
      try { svg.setPointerCapture(event.pointerId); } catch (e) { /* a pointer that is gone already */ }
      show(event);
    });
    svg.addEventListener('pointermove', function (event) {
      if (start === null) { show(event); return; }
      var a = px(Math.min(start, x_of(event))), b = px(Math.max(start, x_of(event)));
      brush.setAttribute('x', a); brush.setAttribute('width', b - a);
      brush.setAttribute('visibility', b - a > 6 ? 'visible' : 'hidden');
    });
    svg.addEventListener('pointerup', function (event) {
      var from = start, to = x_of(event);
      start = null;
      brush.setAttribute('visibility', 'hidden');
      if (from !== null && Math.abs(px(from) - px(to)) > 6) zoom(Math.min(from, to), Math.max(from, to));
    });
    svg.addEventListener('pointercancel', function () { start = null; brush.setAttribute('visibility', 'hidden'); });
    svg.addEventListener('dblclick', reset);
    svg.setAttribute('tabindex', '0');
    svg.addEventListener('keydown', function (event) {
      var step = (x1 - x0) / 4;
      if (event.key === '+') by(0.5);
      else if (event.key === '-') by(2);
      else if (event.key === '0') reset();
      else if (event.key === 'ArrowLeft' && x0 > data.x[0]) { step = Math.min(step, x0 - data.x[0]); zoom(x0 - step, x1 - step); }
      else if (event.key === 'ArrowRight' && x1 < data.x[1]) { step = Math.min(step, data.x[1] - x1); zoom(x0 + step, x1 + step); }
      else return;
      event.preventDefault();
    });
    entries.forEach(function (entry, i) {
      entry.addEventListener('click', function () {
        off[i] = !off[i];
        entry.classList.toggle('off', off[i]);
        draw();
      });
    });
    if (data.points) return;  // a few dots need no magnifying glass
    [['all', 'the whole curve', reset], ['\u2212', 'zoom out', function () { by(2); }], ['+', 'zoom in', function () { by(0.5); }]]
      .forEach(function (button) {
        var b = document.createElement('button');
        b.type = 'button'; b.textContent = button[0]; b.title = button[1];
        b.addEventListener('click', button[2]);
        figure.querySelector('figcaption').appendChild(b);
      });
  });
  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('details').forEach(function (d) { d.open = true; });
  });
})();
)js";

}  // namespace basin

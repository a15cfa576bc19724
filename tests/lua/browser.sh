#!/usr/bin/env bash
# A report in a real browser: at the width of a phone and of a desk no error is written, nothing is wider than the page,
# every picture is shown; pointer, drag, keys and legend do what they should; and it can be printed.
set -u
. "$(dirname "${BASH_SOURCE[0]}")/../work_in.sh"
program=$1
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
  { echo "no Chromium here: the report is not opened"; exit 77; }
work_in "$2"

cat >train.lua <<'LUA'
local basin = require "basin"
local data, process = basin.dataset "shapes" { count = 64, size = 8 }, basin.process "vp"
local lpf, optimal = basin.metric "lpf" { sigma = 0.01, draws = 2, images = 16 }, basin.metric "optimal_loss" { queries = 8 }
local surface = basin.metric "loss_surface" { points = 5, images = 8, bands = 0 }
local runs, adam = {}, basin.optimizer "adam" { lr = 1e-3 }
for i, name in ipairs { "one", "two" } do
  local model = basin.model "adm_unet" { image = 8, channels = 32, multipliers = { 1 }, blocks = 1, attention = {} }
  local run = basin.run { name = name, device = "cpu" }
  run:train { model = model, data = data, process = process, steps = 40, batch = 8, log_every = 1,
    optimizer = i == 1 and adam or basin.optimizer "sam" { base = adam } }
  for _, candidate in ipairs { model, (run:quantize { model = model, quantizer = basin.quantizer "uniform" { bits = 4 } }) } do
    run:sample { model = candidate, sampler = basin.sampler "ddpm" { steps = 3 }, count = 6 }
    lpf:measure(candidate, data)
    optimal:measure(candidate, data)
    surface:measure(candidate, data)
  end
  runs[i] = run
end
print(basin.report { runs = runs })
LUA
"$program" run train.lua --threads 1 >output 2>&1 || { cat output; exit 1; }

# browse PAGE arguments...: what the page wrote to the console is in `console`, the rest of the browser's talk is not.
browse() {
  local page=$1
  shift
  timeout 240 "$chromium" --headless --no-sandbox --disable-gpu --hide-scrollbars --no-first-run --user-data-dir="$PWD/profile" \
    --enable-logging=stderr --virtual-time-budget=5000 "$@" "file://$PWD/$page" >dom 2>err || { echo "chromium failed"; tail -5 err; exit 1; }
  grep -a 'CONSOLE' err >console
}

# Does this test hear a page that complains at all?
echo '<!doctype html><script>console.error("said"); nothing.there = 1</script>' >bad.html
browse bad.html --dump-dom
[[ $(wc -l <console) -eq 2 ]] || { echo "the console is not heard:"; cat console; tail -5 err; exit 1; }

cat >probe.html <<'HTML'
<script>
addEventListener('load', function () {
  var out = { width: innerWidth, wider: document.documentElement.scrollWidth - innerWidth };
  var charts = Array.from(document.querySelectorAll('figure.chart'));
  out.charts = charts.length;
  out.pictures = document.images.length;
  out.shown = Array.from(document.images).every(function (i) { return i.complete && i.naturalWidth > 0; });
  out.tiles = document.querySelectorAll('.tiles figure').length;
  out.intervals = document.querySelectorAll('.intervals .bar').length;
  var chart = charts.find(function (f) { return f.querySelector('figcaption').firstChild.data === 'loss'; });
  var svg = chart.querySelector('svg'), view = svg.querySelector('.view'), whole = view.innerHTML;
  function fire(type, part) {
    var box = svg.getBoundingClientRect();
    svg.dispatchEvent(new PointerEvent(type, { clientX: box.left + box.width * part, clientY: box.top + box.height / 2,
      pointerId: 1, bubbles: true, cancelable: true }));
  }
  function key(k) { svg.dispatchEvent(new KeyboardEvent('keydown', { key: k, bubbles: true, cancelable: true })); }
  function steps() {  // the numbers under the chart
    return Array.from(view.querySelectorAll('text[text-anchor=middle]')).map(function (t) { return +t.textContent; });
  }
  out.all = steps();
  fire('pointermove', 0.55);
  out.read = chart.querySelector('.at').textContent;
  out.values = Array.from(chart.querySelectorAll('.legend b')).map(function (b) { return +b.textContent; });
  fire('pointerdown', 0.4); fire('pointermove', 0.5); fire('pointerup', 0.6);
  out.zoomed = steps();
  key('+'); out.nearer = steps();
  key('ArrowRight'); out.right = steps();
  svg.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
  out.restored = view.innerHTML === whole;
  chart.querySelectorAll('button')[2].click();
  out.button = steps();
  chart.querySelectorAll('button')[0].click();
  out.again = view.innerHTML === whole;
  var sharpness = charts.find(function (f) { return f.querySelector('figcaption').firstChild.data === 'sharpness'; });
  function stroke() { return sharpness.querySelector('.view path').getAttribute('stroke'); }  // of the second run alone
  out.colour = [stroke()];
  sharpness.querySelectorAll('button')[2].click();
  out.colour[1] = stroke();
  chart.querySelector('.legend span').click();
  out.lines = view.querySelectorAll('path').length;
  parent.document.body.setAttribute('data-probe', encodeURIComponent(JSON.stringify(out)));
});
</script>
HTML
cat runs/report.html probe.html >probed.html

failed=0
for width in 1200 390; do
  # A window is not made narrower than some 500 pixels, a frame in it is.
  echo "<!doctype html><body style='margin:0'><iframe src=probed.html style='border:0;width:${width}px;height:4000px'></iframe>" >frame.html
  browse frame.html --allow-file-access-from-files --window-size=1200,4000 --screenshot="$PWD/$width.png"
  [[ -s console ]] && { echo "at $width pixels the page wrote to the console:"; cat console; failed=1; }
  [[ -s $width.png ]] || { echo "no picture of the page at $width pixels"; failed=1; }
  browse frame.html --allow-file-access-from-files --window-size=1200,4000 --dump-dom
  [[ -s console ]] && { echo "at $width pixels the page wrote to the console:"; cat console; failed=1; }
  python3 - dom $width <<'PY' || failed=1
import json, re, sys, urllib.parse
found = re.search('data-probe="([^"]*)"', open(sys.argv[1], errors="replace").read())
assert found, "the page's script did not come to its end"
p = json.loads(urllib.parse.unquote(found[1]))
print(p)
assert p["width"] == int(sys.argv[2])
assert p["wider"] <= 0, "the page is wider than the window"
assert p["charts"] >= 6 and p["pictures"] >= 20 and p["shown"] and p["tiles"] == 12 and p["intervals"] >= 8
assert p["read"].startswith("at ") and all(0 < v < 10 for v in p["values"])
step = int(p["read"][3:])
rows = {}
for run in ("00001-one", "00002-two"):
    for line in open(f"runs/{run}/metrics.jsonl"):
        row = json.loads(line)
        rows[run, row["step"]] = row["loss"]
for run, shown in zip(("00001-one", "00002-two"), p["values"]):
    assert abs(rows[run, step] - shown) < 1e-3 * shown, (run, step, shown)
assert p["all"][-1] == 40 and max(p["zoomed"]) < 30 and min(p["zoomed"]) > 10, (p["all"], p["zoomed"])
assert max(p["nearer"]) - min(p["nearer"]) < max(p["zoomed"]) - min(p["zoomed"])
assert min(p["right"]) > min(p["nearer"])
assert p["restored"] and p["again"] and p["button"] != p["all"]
assert p["lines"] == 1
assert p["colour"] == ["var(--c1)"] * 2, p["colour"]
PY
done

browse runs/report.html --print-to-pdf="$PWD/page.pdf"
[[ $(head -c 5 page.pdf) == %PDF- ]] || { echo "it cannot be printed"; failed=1; }
exit $failed
